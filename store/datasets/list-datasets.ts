// The datasets of a model, and how much room each takes.
import { type Database } from '../database.ts';
import { type Dataset, datasetFromRow } from './dataset.ts';

/** A dataset with the room that its chunks take. */
export interface SizedDataset {
  readonly dataset: Dataset;
  readonly chunks: number;
  /** Bytes of the chunks; 0 once its rows were let go. */
  readonly bytes: number;
}

/** The newest datasets of a model, newest first. */
export async function listDatasets(
  database: Database,
  model: string,
  limit: number,
): Promise<SizedDataset[]> {
  const rows = await database.kysely
    .selectFrom('tidegate.dataset')
    .selectAll()
    .where('model', '=', model)
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
  return sized(database, rows.map(datasetFromRow));
}

/** Datasets with their sizes; no chunk is read for it. */
export async function sized(database: Database, datasets: readonly Dataset[]): Promise<SizedDataset[]> {
  const { rows } = await database.pool.query<{ id: number; chunks: number; bytes: number }>(
    `select dataset_id as id, count(*) as chunks, sum(octet_length(bytes))::bigint as bytes
     from tidegate.dataset_chunk where dataset_id = any($1) group by dataset_id`,
    [datasets.map(({ id }) => id)],
  );
  const sizes = new Map(rows.map((row) => [row.id, row]));
  return datasets.map((dataset) => ({
    dataset,
    chunks: sizes.get(dataset.id)?.chunks ?? 0,
    bytes: sizes.get(dataset.id)?.bytes ?? 0,
  }));
}

/** A dataset by its id, if there is one. */
export async function findDataset(database: Database, id: number): Promise<Dataset | undefined> {
  const row = await database.kysely
    .selectFrom('tidegate.dataset')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst();
  return row && datasetFromRow(row);
}
