// Plans a materialization: which entities it has to look at, and from which marks their changes are found.
import type pg from 'pg';
import { type StoredDefinition } from '../definitions/definitions.ts';
import { type Changes, changesSince, changesWithin, MAX_AGE } from './changed-rows.ts';
import { type Reason } from './entity-list.ts';
import { type MaterializeScope } from '../../domain/data/materialized.ts';
import { type Source } from './source.ts';
import { ageOf, type Look, takeMark } from './source-mark.ts';
import { type SourceMark } from '../postgres/source-mark.ts';
import { olderXid, type Progress, type Watermark } from './watermark.ts';

/** What a plan depends on. */
export interface PlanInput {
  /** A connection that is in the REPEATABLE READ transaction of `look`. */
  readonly client: pg.ClientBase;
  readonly source: StoredDefinition;
  readonly sources: readonly Source[];
  readonly look: Look;
  readonly scope: MaterializeScope;
  readonly watermark: Watermark | undefined;
  readonly progress: Progress | undefined;
}

/** One pass over some entities, in the order of their keys. */
export interface Pass {
  readonly reasons: readonly Reason[];
  /** After this pass, a later attempt looks only for changes since this mark. */
  readonly markAfter?: SourceMark;
}

/** What a materialization does. */
export interface Plan {
  readonly scope: MaterializeScope;
  /** Why the run looks at all entities although fewer were requested; null if it does only what was requested. */
  readonly fullBecause: string | null;
  readonly passes: readonly Pass[];
  /** Whether it continues an interrupted run. */
  readonly resumed: boolean;
  /** Whether there may be rows of entities that no longer exist. */
  readonly removesVanished: boolean;
  /** If the run is interrupted, its continuation looks for changes since this mark. */
  readonly mark: SourceMark;
  /** The mark of the watermark after everything is written. */
  readonly finalMark: SourceMark;
  /** The newest instant that any row can have while the run lasts. */
  readonly newestAsOf: Date;
}

/**
 * Plans a materialization: continues an interrupted run for the same request if there is one, else begins a new run.
 */
export async function planMaterialization(input: PlanInput): Promise<Plan> {
  const { look, progress, scope } = input;
  if (!progress || !continues(progress, scope, look)) return begin(input, scope, null);
  return (
    (await resume(input, progress)) ??
    begin(input, { kind: 'full' }, 'rows of a source were removed or rewritten during the run')
  );
}

/** Returns whether an interrupted run does what is requested now. */
function continues(progress: Progress, scope: MaterializeScope, look: Look): boolean {
  if (progress.position === null || progress.asOf.toISOString() !== look.asOf) return false;
  // An interrupted reset is not continued. A repeated reset ignores earlier runs, so this request is not a reset, and it
  // would leave the rows of later instants that the reset has yet to replace.
  if (progress.scope.kind === 'full' && progress.scope.reset) return false;
  if (progress.scope.kind === 'range' || scope.kind === 'range') {
    return JSON.stringify(sorted(progress.scope)) === JSON.stringify(sorted(scope));
  }
  return progress.scope.kind === scope.kind || progress.scope.kind === 'full';
}

const sorted = (scope: MaterializeScope): unknown => Object.entries(scope).sort();

/**
 * Plans two passes: first the entities that the run had already written and that changed since it began, then the
 * remaining entities. Returns undefined if rows were removed since then, because no increment finds those.
 */
async function resume(input: PlanInput, progress: Progress): Promise<Plan | undefined> {
  const { client, sources, look } = input;
  const { position, mark, newestAsOf, scope, resumedXid } = progress;
  const since = await changesSince(client, sources, look, mark, 'again');
  const rest = await changesFor(input, scope);
  const again = resumedXid === null ? [] : writtenSince(input, resumedXid);
  if ('unknown' in since || 'unknown' in rest || again === undefined) return undefined;
  const done = { upTo: position };
  return {
    scope,
    fullBecause: null,
    passes: [
      {
        reasons: [
          { of: 'changed', changed: since.changed, ...done },
          ...again.map((each) => ({ ...each, ...done })),
        ],
        markAfter: since.mark,
      },
      { reasons: rest.reasons.map((each) => ({ ...each, after: position })) },
    ],
    resumed: true,
    removesVanished: true,
    mark,
    finalMark: since.mark,
    newestAsOf,
  };
}

async function begin(input: PlanInput, scope: MaterializeScope, fullBecause: string | null): Promise<Plan> {
  const { client, sources, look, watermark, progress } = input;
  const found = await changesFor(input, scope);
  if ('unknown' in found) return begin(input, { kind: 'full' }, found.unknown);
  const mark = found.mark ?? (await takeMark(client, sources, look));
  const newestAsOf = [watermark?.newestAsOf, progress?.newestAsOf].reduce<Date>(
    (newest, each) => (each && each > newest ? each : newest),
    new Date(look.asOf),
  );
  return {
    scope,
    fullBecause,
    passes: [{ reasons: found.reasons }],
    resumed: false,
    removesVanished: scope.kind === 'full' || (scope.kind === 'increment' && suspectXid(input) !== null),
    mark,
    finalMark: mark,
    newestAsOf,
  };
}

type Found =
  | { readonly reasons: readonly Reason[]; readonly mark: SourceMark | undefined }
  | { readonly unknown: string };

/** Returns the reasons for which entities are listed, or why the changes are unknown. */
async function changesFor(input: PlanInput, scope: MaterializeScope): Promise<Found> {
  const { client, sources, look, watermark } = input;
  switch (scope.kind) {
    case 'full':
      return { reasons: [{ of: 'all' }], mark: undefined };
    case 'range':
      return {
        reasons: [{ of: 'changed', changed: await changesWithin(client, sources, scope) }],
        mark: undefined,
      };
    case 'increment': {
      if (!watermark) return { unknown: 'the online rows were never complete' };
      const since: Changes = await changesSince(client, sources, look, watermark.mark, 'since');
      if ('unknown' in since) return since;
      const suspect = suspectXid(input);
      const written = suspect === null ? [] : writtenSince(input, suspect);
      if (written === undefined)
        return { unknown: 'a run was abandoned so long ago that the rows it wrote can no longer be found' };
      return { reasons: [{ of: 'changed', changed: since.changed }, ...written], mark: since.mark };
    }
  }
}

/**
 * Returns the first transaction whose online rows may differ from the state of the watermark; null if there is none.
 */
const suspectXid = ({ watermark, progress }: PlanInput): string | null =>
  olderXid(watermark?.suspectXid ?? null, progress?.suspectXid ?? null);

function writtenSince({ source, look }: PlanInput, xid: string): Reason[] | undefined {
  const age = ageOf(look, BigInt(xid));
  if (age < 0n || age > MAX_AGE) return undefined;
  return [{ of: 'written', rowsOf: { model: source.model, version: source.version }, age }];
}
