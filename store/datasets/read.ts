// Reads a frozen dataset into typed columns and checks its digests.
import { type Frame, type RowMarks } from '../../domain/data/frame.ts';
import { type Database } from '../postgres/database.ts';
import { PARTS } from './chunk.ts';
import { ColumnReader } from './packed-rows.ts';
import { DatasetColumns } from './dataset-columns.ts';
import { type Dataset } from '../registry/dataset.ts';
import { everyChunk, readChunks } from './read-chunks.ts';

/** Rows of a dataset. */
export interface FrozenRows {
  readonly frame: Frame;
  /** The number that each row has in the dataset; absent if all rows were read. */
  readonly numbers?: Uint32Array;
}

/** What to read of a dataset. */
export interface ReadOptions {
  /**
   * Numbers of the rows to read, ascending, or a function that chooses them by label and holdout. The frame contains
   * only these rows and numbers them from 0; clusters keep their numbers.
   *
   * @default all rows
   * @example readDataset(database, dataset, { rows: evaluationRows })
   */
  readonly rows?: Uint32Array | ((marks: RowMarks) => Uint32Array);
}

/**
 * Reads rows of a dataset.
 *
 * @throws TidegateError DATASET_CHANGED if bytes or header no longer match the digest taken when it was frozen;
 *   DATASET_EXPIRED if retention deleted its rows
 */
export async function readDataset(
  database: Database,
  dataset: Dataset,
  { rows: wanted }: ReadOptions = {},
): Promise<FrozenRows> {
  const rows = typeof wanted === 'function' ? wanted(await readMarks(database, dataset)) : wanted;
  const columns = new DatasetColumns(dataset, rows);
  await readChunks(database, dataset, columns.parts, everyChunk(dataset), (chunk) => columns.take(chunk));
  return { frame: columns.frame(), ...(rows && { numbers: rows }) };
}

/** Reads label and holdout flag of every row, one byte each. @throws as {@link readDataset} */
export async function readMarks(database: Database, dataset: Dataset): Promise<RowMarks> {
  const readers = {
    [PARTS.holdout]: new ColumnReader(Uint8Array, dataset),
    [PARTS.labels]: new ColumnReader(Uint8Array, dataset),
  };
  const parts = [PARTS.holdout, PARTS.labels] as const;
  await readChunks(database, dataset, parts, everyChunk(dataset), (chunk) =>
    readers[chunk.part as (typeof parts)[number]].take(chunk),
  );
  return { rows: dataset.rows, labels: readers.label.values, holdout: readers.holdout.values };
}
