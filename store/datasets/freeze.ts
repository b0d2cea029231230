// Freezing: writes the joined rows of a window once, from one snapshot, as columnar chunks.
import type pg from 'pg';
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { type Backfilled } from '../../domain/data/label-states.ts';
import { type Window } from '../../domain/model/window.ts';
import { TidegateError } from '../../domain/errors.ts';
import { kyselyOn, withConnections } from '../postgres/connections.ts';
import { type Database } from '../postgres/database.ts';
import { type MergeLimits } from '../join/merge/choose-merged-views.ts';
import { refuseHidden } from '../join/known-guard.ts';
import { ChunkWriter, digestName, digestOfDataset } from './chunk-digests.ts';
import { DatasetTable } from './dataset-table.ts';
import { type Dataset, datasetFromRow, findDatasetByRequest } from '../registry/dataset.ts';
import {
  chunkRowsFor,
  type FreezeControl,
  joinChunks,
  planWindowJoin,
  type WindowJoin,
} from './join-chunks.ts';
import { inSnapshotOn, labelsKnownBy } from '../postgres/snapshot.ts';

export { type FreezeControl } from './join-chunks.ts';

/** What to freeze. */
export interface FreezeRequest extends FreezeControl {
  /** Names the run and step: a repeated request returns the dataset that the first one made. */
  readonly request: string;
  readonly definition: ModelDefinition;
  readonly definitionVersion: number;
  readonly window: Window;
  /** A past instant by which labels must have been known. @default now, as `labelsKnownBy` returns it */
  readonly knownBy?: Date;
  /** When views are merged instead of joined by Postgres. @default `MERGE_LIMITS` */
  readonly mergeLimits?: MergeLimits;
}

/**
 * Joins and stores the rows of a window, or returns the dataset that an earlier call with the same request made.
 *
 * The rows are read in one REPEATABLE READ snapshot and ordered by key and time, so the same source rows give the
 * same digest. They are written on a second connection as they arrive, in a transaction that is committed at the end.
 * At most two chunks of each column are in memory.
 *
 * @throws TidegateError EMPTY_WINDOW, or FEATURES_NOT_KNOWN if more than 5 % of a view's rows were not known in time
 * @throws the signal's reason, if aborted
 */
export async function freezeWindow(database: Database, request: FreezeRequest): Promise<Dataset> {
  const existing = await findDatasetByRequest(database, request.request);
  if (existing) return existing;
  const { definition, window, knownBy } = request;
  // Must run before the snapshot is taken: a transaction that has not committed by now began at this instant or
  // later, so the snapshot contains every label that was known before it.
  const asKnownAt = knownBy?.toISOString() ?? (await labelsKnownBy(database.pool));
  const join = await planWindowJoin(database.pool, definition, window, asKnownAt, request.mergeLimits);
  try {
    return await freezeRows(database, request, { join, asKnownAt });
  } catch (error) {
    // Another process may have frozen the rows of the same request meanwhile; then its dataset is the result.
    const made = await findDatasetByRequest(database, request.request);
    if (made) return made;
    throw error;
  }
}

/** The rows to freeze: how they are joined, and the instant by which labels were known. */
export interface RowsToFreeze {
  readonly join: WindowJoin;
  readonly asKnownAt: string;
}

/** Stores the rows of a join as the dataset of a request. @throws as {@link freezeWindow} */
export const freezeRows = (
  database: Database,
  request: FreezeRequest,
  rows: RowsToFreeze,
): Promise<Dataset> =>
  // Take both connections before the first statement: steps that each have one and wait for a second can deadlock.
  withConnections(database, 2, async ([reader, writer]) => {
    await writer.query('begin');
    const dataset = await inSnapshotOn(
      { database, client: reader },
      () => freezeIn(reader, writer, request, rows),
      request.signal,
    );
    await writer.query('commit');
    return dataset;
  });

async function freezeIn(
  reader: pg.ClientBase,
  writer: pg.ClientBase,
  request: FreezeRequest,
  { join, asKnownAt }: RowsToFreeze,
): Promise<Dataset> {
  const { definition, window } = request;
  const { rows: ids } = await writer.query<{ id: number }>(
    `select nextval(pg_get_serial_sequence('tidegate.dataset', 'id')) as id`,
  );
  const id = Number(ids[0]?.id);
  const table = new DatasetTable(definition, chunkRowsFor(definition));
  const chunks = new ChunkWriter(writer, id);
  const digests: string[] = [];
  try {
    await copyWindow(reader, join, { table, chunks, digests }, request);
    if (table.rows === 0) throw emptyWindow(definition, window);
    await refuseHidden(reader, definition, table);
    await chunks.stored();
  } finally {
    await chunks.settled();
  }
  return insertDataset(writer, request, { id, asKnownAt, table, digests });
}

async function copyWindow(
  reader: pg.ClientBase,
  join: WindowJoin,
  { table, chunks, digests }: Destination,
  control: FreezeControl,
): Promise<void> {
  await joinChunks(
    reader,
    { join, table, control },
    // At most one chunk of each column is being sent while the next is collected.
    () => chunks.stored(),
    (made) => {
      digests.push(...made.map(digestName));
      chunks.send(made);
    },
  );
}

interface Destination {
  readonly table: DatasetTable;
  readonly chunks: ChunkWriter;
  /** `digestName` of each chunk, in the order in which they are written. */
  readonly digests: string[];
}

async function insertDataset(
  writer: pg.ClientBase,
  { request, definition, definitionVersion, window }: FreezeRequest,
  made: { id: number; asKnownAt: string; table: DatasetTable; digests: readonly string[] },
): Promise<Dataset> {
  const { id, asKnownAt, table, digests } = made;
  const row = await kyselyOn(writer)
    .insertInto('tidegate.dataset')
    .values({
      id,
      request,
      model: definition.name,
      definitionVersion,
      windowFrom: window.from,
      windowTo: window.to,
      asKnownAt,
      rowCount: table.rows,
      labelledRows: table.labelledRows,
      assumedLabels: table.assumedLabels,
      awaitedLabels: table.awaitedLabels,
      overdueLabels: table.rows - table.labelledRows - table.awaitedLabels,
      backfilled: JSON.stringify(backfilledOf(definition, table)),
      trainingRows: table.trainingRows,
      holdoutRows: table.holdoutRows,
      columns: JSON.stringify(table.columns),
      digest: digestOfDataset(table, digests),
      chunkRows: table.chunkRows,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return datasetFromRow(row);
}

/** Lists the views that have rows whose values are used only because of `knownSince`. */
const backfilledOf = (definition: ModelDefinition, table: DatasetTable): Backfilled[] =>
  definition.features.flatMap((view, index) => {
    const rows = table.backfilled[index] ?? 0;
    return rows === 0 ? [] : [{ table: view.table, knownSince: view.knownSince ?? '', rows }];
  });

const emptyWindow = (definition: ModelDefinition, { from, to }: Window): TidegateError =>
  new TidegateError(
    'EMPTY_WINDOW',
    `${definition.rows.table} has no rows with ${definition.rows.timestamp} in ` +
      `(${from.toISOString()}, ${to.toISOString()}]`,
  );
