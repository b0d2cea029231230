// The row that describes a frozen dataset, without its data.
import { type Selectable } from 'kysely';
import { type Backfilled } from '../../domain/data/label-states.ts';
import { type Window } from '../../domain/model/window.ts';
import { type Database } from '../postgres/database.ts';
import { type DatasetColumn, type Tables } from '../postgres/tables.ts';

/** A frozen dataset, without its rows. */
export interface Dataset {
  readonly id: number;
  readonly model: string;
  readonly definitionVersion: number;
  readonly window: Window;
  readonly asKnownAt: Date;
  readonly rows: number;
  readonly labelledRows: number;
  /** Number of labelled rows that are read as negative because their label is still absent after its delay. */
  readonly assumedLabels: number;
  /** Rows without a label: `awaitedLabels` if it is not expected yet, `overdueLabels` if it should be there. */
  readonly awaitedLabels: number;
  readonly overdueLabels: number;
  /** Views with values that became known too late but are used because of `knownSince`; empty if there are none. */
  readonly backfilled: readonly Backfilled[];
  /** Rows that are labelled and not held out, which a candidate can learn from. */
  readonly trainingRows: number;
  readonly holdoutRows: number;
  readonly columns: readonly DatasetColumn[];
  readonly digest: string;
  /** Rows per chunk; the last may have fewer. */
  readonly chunkRows: number;
  /** When retention deleted its rows; null while they exist. */
  readonly expiredAt: Date | null;
  readonly createdAt: Date;
}

/**
 * Number of chunks in which each part (column) of a dataset is stored.
 *
 * @example chunksOf({ rows: 70_000, chunkRows: 65_536 }) // 2
 */
export const chunksOf = ({ rows, chunkRows }: Pick<Dataset, 'rows' | 'chunkRows'>): number =>
  Math.ceil(rows / chunkRows);

/** Converts a row to a dataset. */
export const datasetFromRow = (row: Selectable<Tables['tidegate.dataset']>): Dataset => ({
  id: row.id,
  model: row.model,
  definitionVersion: row.definitionVersion,
  window: { from: row.windowFrom, to: row.windowTo },
  asKnownAt: row.asKnownAt,
  rows: row.rowCount,
  labelledRows: row.labelledRows,
  assumedLabels: row.assumedLabels,
  awaitedLabels: row.awaitedLabels,
  overdueLabels: row.overdueLabels,
  backfilled: row.backfilled,
  trainingRows: row.trainingRows,
  holdoutRows: row.holdoutRows,
  columns: row.columns,
  digest: row.digest,
  chunkRows: row.chunkRows,
  expiredAt: row.expiredAt,
  createdAt: row.createdAt,
});

/** Returns the dataset that was made for a request; undefined if none was made yet. */
export async function findDatasetByRequest(
  database: Database,
  request: string,
): Promise<Dataset | undefined> {
  const row = await database.kysely
    .selectFrom('tidegate.dataset')
    .selectAll()
    .where('request', '=', request)
    .executeTakeFirst();
  return row && datasetFromRow(row);
}

/** Returns a dataset by its id. @throws NoResultError if there is none */
export async function getDataset(database: Database, id: number): Promise<Dataset> {
  const row = await database.kysely
    .selectFrom('tidegate.dataset')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  return datasetFromRow(row);
}
