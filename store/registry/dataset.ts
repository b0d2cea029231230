// The row that describes a frozen dataset, without its data.
import { type Window } from '../../domain/model/window.ts';
import { type Database } from '../postgres/database.ts';
import { type Row } from '../postgres/tables.ts';

type DatasetRow = Row<'tidegate.dataset'>;

/** A frozen dataset, without its rows. */
export interface Dataset extends Omit<DatasetRow, 'request' | 'windowFrom' | 'windowTo' | 'rowCount'> {
  readonly window: Window;
  readonly rows: number;
}

/**
 * Number of chunks in which each part (column) of a dataset is stored.
 *
 * @example chunksOf({ rows: 70_000, chunkRows: 65_536 }) // 2
 */
export const chunksOf = ({ rows, chunkRows }: Pick<Dataset, 'rows' | 'chunkRows'>): number =>
  Math.ceil(rows / chunkRows);

/** Converts a row to a dataset. */
export function datasetFromRow(row: DatasetRow): Dataset {
  const { request: _, windowFrom, windowTo, rowCount, ...rest } = row;
  return { ...rest, window: { from: windowFrom, to: windowTo }, rows: rowCount };
}

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
