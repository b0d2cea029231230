// Materialization: brings the online rows of a definition up to date as of an instant, either all rows or those that
// changed.
import { keepsOnline } from '../../domain/model/definition.ts';
import { TidegateError } from '../../domain/errors.ts';
import { type Database } from '../postgres/database.ts';
import { cancellable } from '../postgres/snapshot.ts';
import { type StoredDefinition } from '../definitions/definitions.ts';
import { listEntities } from './entity-list.ts';
import {
  beginProgress,
  caughtUp,
  endProgress,
  findProgress,
  findWatermark,
  olderXid,
  type OnlineClients,
  resumeProgress,
  type Watermark,
  withOnlineLock,
} from './watermark.ts';
import { prepareWriter } from './online-writer.ts';
import { type Plan, planMaterialization } from './plan.ts';
import { refuseNoValues } from './online-values.ts';
import { removeVanished } from './remove-vanished.ts';
import { type Materialized, type MaterializeScope } from '../../domain/data/materialized.ts';
import { sourcesOf } from './source.ts';
import { beginLook } from './source-mark.ts';
import { type BatchProgress, type EntityRun, writeEntities } from './write-entities.ts';

/** What to materialize, and how. */
export interface MaterializeRequest {
  readonly source: StoredDefinition;
  /** The instant of the rows. Ignored for a range, which has its own end. */
  readonly asOf: Date;
  /** @default increment */
  readonly scope?: MaterializeScope;
  /** Called after each batch. */
  readonly onProgress?: (progress: BatchProgress) => void;
  /** Maximum number of entities in one batch. A crash loses the work of at most one batch. @default 20_000 */
  readonly batchSize?: number;
  /** Stops the run between two batches. */
  readonly signal?: AbortSignal;
}

const BATCH = 20_000;

/**
 * Brings the online rows of a definition up to date as of an instant: each row then contains the result of the
 * point-in-time join at that instant.
 *
 * Everything is read in one REPEATABLE READ snapshot. Rows are written in batches in the order of their keys, each
 * with its position, so that an interrupted run continues where it stopped. If a run for the same definition is in
 * progress, a second one waits for its end. The watermark is moved only after everything is written, so an
 * interrupted run is never taken for a complete one.
 *
 * An increment becomes a full run if there is no watermark yet, or if rows of a source were removed or rewritten. A
 * reset also replaces rows of later instants, for instance after a run with a wrong instant in the future. A range
 * brings the entities that have rows in it to the end of the range, or to the watermark if that is later.
 *
 * @throws TidegateError ONLINE_OFF if the definition keeps no online rows, EMPTY_WINDOW if no entity exists at the
 *   instant, NO_ONLINE_VALUES if no feature has a value at it, NOT_MATERIALISED for a range if the online rows were
 *   never complete
 */
export async function materialize(database: Database, request: MaterializeRequest): Promise<Materialized> {
  const { source } = request;
  if (!keepsOnline(source.definition)) {
    throw new TidegateError(
      'ONLINE_OFF',
      `definition ${source.version} of ${source.model} keeps no online rows (online: 'off')`,
    );
  }
  const rowsOf = { model: source.model, version: source.version };
  return withOnlineLock(database, rowsOf, (clients) =>
    cancellable(database, [clients.reader, clients.writer], request.signal, () =>
      bringToInstant(request, clients),
    ),
  );
}

async function bringToInstant(
  request: MaterializeRequest,
  { reader, writer }: OnlineClients,
): Promise<Materialized> {
  const { source, scope = { kind: 'increment' } } = request;
  const rowsOf = { model: source.model, version: source.version };
  const isReset = scope.kind === 'full' && scope.reset === true;
  // A reset ignores earlier runs: it replaces even rows of later instants, and does not continue an interrupted run.
  const watermark = isReset ? undefined : await findWatermark(writer, rowsOf);
  if (scope.kind === 'range' && !watermark) {
    throw new TidegateError(
      'NOT_MATERIALISED',
      `the online rows of ${source.model}, definition ${source.version}, were never complete`,
    );
  }
  const asOf = scope.kind === 'range' && watermark ? later(new Date(scope.to), watermark.asOf) : request.asOf;
  if (watermark && watermark.asOf > asOf) {
    return { ...NOTHING, asOf: watermark.asOf, scope: scope.kind, nothing: 'watermark ahead' };
  }
  const progress = isReset ? undefined : await findProgress(writer, rowsOf);
  await reader.query('begin isolation level repeatable read');
  // Compiling the statements would take longer than a batch. The snapshot is taken by the next statement, not by this
  // one.
  await reader.query('set local jit = off');
  const sources = sourcesOf(source.definition);
  const look = await beginLook(reader, sources, asOf);
  const plan = await planMaterialization({
    client: reader,
    source,
    sources,
    look,
    scope,
    watermark,
    progress,
  });
  const run = { reader, writer, rowsOf, definition: source.definition, asOf: look.asOf, isReset };
  const first = await listEntities(reader, run.definition, run.asOf, plan.passes[0]?.reasons ?? []);
  if (first === 0 && plan.scope.kind === 'full' && !plan.resumed) {
    throw new TidegateError(
      'EMPTY_WINDOW',
      `${run.definition.rows.table} has no entity at ${look.asOf}, so there is nothing to materialize`,
    );
  }
  await refuseNoValues(reader, sources, look.asOf);
  await prepareWriter(writer);
  if (plan.resumed) await resumeProgress(writer, rowsOf);
  else await beginProgress(writer, rowsOf, { ...plan, asOf, entities: first });
  await runPasses(run, plan, first, request);
  const removed = plan.removesVanished ? await removeVanished(run, request) : 0;
  return finish(run, plan, { asOf, removed, before: watermark });
}

/** Runs the passes of a plan. The entities of the first pass are already listed. */
async function runPasses(
  run: EntityRun,
  plan: Plan,
  first: number,
  request: MaterializeRequest,
): Promise<void> {
  const { onProgress, signal, batchSize = BATCH } = request;
  for (const [at, { reasons, markAfter }] of plan.passes.entries()) {
    const entities = at === 0 ? first : await listEntities(run.reader, run.definition, run.asOf, reasons);
    await writeEntities(run, {
      entities,
      batchSize,
      ...(onProgress && { onProgress }),
      ...(signal && { signal }),
    });
    if (markAfter) await caughtUp(run.writer, run.rowsOf, markAfter);
  }
}

/** Moves the watermark and ends the run. */
async function finish(
  { writer, rowsOf }: EntityRun,
  { scope, fullBecause, finalMark: mark, newestAsOf }: Plan,
  { asOf, removed, before }: { asOf: Date; removed: number; before: Watermark | undefined },
): Promise<Materialized> {
  const progress = await findProgress(writer, rowsOf);
  const { lookedAt = 0, written = 0 } = progress ?? {};
  const isAhead = newestAsOf > asOf || scope.kind === 'range';
  const suspectXid = isAhead ? olderXid(before?.suspectXid ?? null, progress?.suspectXid ?? null) : null;
  await writer.query('begin');
  // A run for a range looks only at some entities, so it leaves the watermark where it is: a watermark says that the
  // rows of all entities are complete.
  const complete = scope.kind === 'range' && before ? before : { asOf, mark };
  await endProgress(writer, rowsOf, { ...complete, newestAsOf, suspectXid });
  await writer.query('commit');
  return {
    asOf,
    scope: scope.kind,
    fullBecause,
    lookedAt,
    written,
    removed,
    nothing: written + removed === 0 ? 'nothing changed' : null,
  };
}

const NOTHING = { fullBecause: null, lookedAt: 0, written: 0, removed: 0 } as const;

const later = (one: Date, other: Date): Date => (one > other ? one : other);
