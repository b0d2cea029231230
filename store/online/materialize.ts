// Materialisation: online rows are brought to an instant, all of them or those that changed.
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
  /** The instant of the rows; a range has its own. */
  readonly asOf: Date;
  /** @default an increment */
  readonly scope?: MaterializeScope;
  /** Called after each batch. */
  readonly onProgress?: (progress: BatchProgress) => void;
  /** Most entities of one batch: what a crash loses at most. @default 20_000 */
  readonly batchSize?: number;
  /** Ends the run between two batches. */
  readonly signal?: AbortSignal;
}

const BATCH = 20_000;

/**
 * Brings the online rows of a definition to an instant: each row is the point-in-time join at it.
 *
 * All is read in one REPEATABLE READ snapshot; rows are written in batches in the order of their keys, each with the
 * position that it reaches, so that a run which was cut off goes on where it stopped. Two runs for one definition wait
 * for each other. The watermark moves when all is written, so a run that was cut off is never taken for a whole one.
 *
 * An increment becomes a full run where there is no watermark yet, or where rows of a source were removed or rewritten.
 * A reset replaces rows of later instants too, for those of an instant that nobody meant. A range brings the entities with rows in it to its end, or to the watermark where that is later.
 *
 * @throws TidegateError ONLINE_OFF where the definition keeps no online rows, EMPTY_WINDOW where no entity exists at the instant, NO_ONLINE_VALUES where no feature has a
 * value at it, NOT_MATERIALISED for a range of rows that were never complete
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
    cancellable(database, [clients.reader, clients.writer], request.signal, () => bring(request, clients)),
  );
}

async function bring(request: MaterializeRequest, { reader, writer }: OnlineClients): Promise<Materialized> {
  const { source, scope = { kind: 'increment' } } = request;
  const rowsOf = { model: source.model, version: source.version };
  const isReset = scope.kind === 'full' && scope.reset === true;
  // A reset counts nothing that was done before: neither rows that are ahead nor a run that was cut off.
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
  // To compile the statements takes longer than a batch. What the look sees is fixed by the statement after this.
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
      `${run.definition.rows.table} has no entity at ${look.asOf}, so there is nothing to materialise`,
    );
  }
  await refuseNoValues(reader, sources, look.asOf);
  await prepareWriter(writer);
  if (plan.resumed) await resumeProgress(writer, rowsOf);
  else await beginProgress(writer, rowsOf, { ...plan, asOf, entities: first });
  await walk(run, plan, first, request);
  const removed = plan.removesVanished ? await removeVanished(run, request) : 0;
  return finish(run, plan, { asOf, removed, before: watermark });
}

/** Goes through the passes of a plan, the first of which is listed. */
async function walk(run: EntityRun, plan: Plan, first: number, request: MaterializeRequest): Promise<void> {
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

/** Moves the watermark, and ends the run. */
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
  // A run over a part of the entities leaves the watermark of the whole where it is.
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
