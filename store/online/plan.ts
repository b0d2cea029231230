// What a materialisation has to look at: the entities, and the marks between which they are found.
import type pg from 'pg';
import { type StoredDefinition } from '../definitions/definitions.ts';
import { type Changes, changesSince, changesWithin, MAX_AGE } from './changed-rows.ts';
import { type Reason } from './entity-list.ts';
import { type MaterializeScope } from '../../domain/data/materialized.ts';
import { type Source } from './source.ts';
import { ageOf, type Look, takeMark } from './source-mark.ts';
import { type SourceMark } from '../postgres/tables.ts';
import { olderXid, type Progress, type Watermark } from './watermark.ts';

/** What a plan is made from. */
export interface PlanInput {
  /** In the REPEATABLE READ transaction of the look. */
  readonly client: pg.ClientBase;
  readonly source: StoredDefinition;
  readonly sources: readonly Source[];
  readonly look: Look;
  readonly scope: MaterializeScope;
  readonly watermark: Watermark | undefined;
  readonly progress: Progress | undefined;
}

/** One way through some entities, in the order of their keys. */
export interface Pass {
  readonly reasons: readonly Reason[];
  /** The mark from which the changes of a later attempt count, once this is done. */
  readonly markAfter?: SourceMark;
}

/** What to do. */
export interface Plan {
  readonly scope: MaterializeScope;
  /** Why all entities are looked at though less was asked for. */
  readonly fullBecause: string | null;
  readonly passes: readonly Pass[];
  /** Whether it goes on with a run that was cut off. */
  readonly resumed: boolean;
  /** Whether rows may stand for entities that are gone. */
  readonly removesVanished: boolean;
  /** The mark from which the run's changes count. */
  readonly mark: SourceMark;
  /** The mark of the watermark once all is written. */
  readonly finalMark: SourceMark;
  /** The newest instant of any row while it runs. */
  readonly newestAsOf: Date;
}

/** Makes a plan. */
export async function planMaterialization(input: PlanInput): Promise<Plan> {
  const { look, progress, scope } = input;
  if (!progress || !goesOnWith(progress, scope, look)) return begin(input, scope, null);
  return (
    (await resume(input, progress)) ??
    begin(input, { kind: 'full' }, 'rows of a source were removed or rewritten while it ran')
  );
}

/** Whether a run that was cut off is the one that is asked for. */
function goesOnWith(progress: Progress, scope: MaterializeScope, look: Look): boolean {
  if (progress.position === null || progress.asOf.toISOString() !== look.asOf) return false;
  // What a reset had done says nothing about rows of later instants.
  if (progress.scope.kind === 'full' && progress.scope.reset) return false;
  if (progress.scope.kind === 'range' || scope.kind === 'range') {
    return JSON.stringify(sorted(progress.scope)) === JSON.stringify(sorted(scope));
  }
  return progress.scope.kind === scope.kind || progress.scope.kind === 'full';
}

const sorted = (scope: MaterializeScope): unknown => Object.entries(scope).sort();

/**
 * First what changed since the run began, among the entities that it had done; then the rest. Nothing where rows are
 * gone since, for which no increment can answer.
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

/** Why entities are listed, or why that cannot be told. */
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
      if (!watermark) return { unknown: 'its rows were never complete' };
      const since: Changes = await changesSince(client, sources, look, watermark.mark, 'since');
      if ('unknown' in since) return since;
      const suspect = suspectXid(input);
      const written = suspect === null ? [] : writtenSince(input, suspect);
      if (written === undefined) return { unknown: 'a run was given up long ago' };
      return { reasons: [{ of: 'changed', changed: since.changed }, ...written], mark: since.mark };
    }
  }
}

/** The first transaction whose rows may say something else than the watermark; null where there is none. */
const suspectXid = ({ watermark, progress }: PlanInput): string | null =>
  olderXid(watermark?.suspectXid ?? null, progress?.suspectXid ?? null);

function writtenSince({ source, look }: PlanInput, xid: string): Reason[] | undefined {
  const age = ageOf(look, BigInt(xid));
  if (age < 0n || age > MAX_AGE) return undefined;
  return [{ of: 'written', rowsOf: { model: source.model, version: source.version }, age }];
}
