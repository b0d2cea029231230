// Reads a frozen dataset back into typed columns, checking its digests on the way.
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
  /** The number of each of its rows in the dataset; absent where all were read. */
  readonly numbers?: Uint32Array;
}

/** What is read of a dataset. */
export interface ReadOptions {
  /**
   * Numbers of the rows, ascending, or what chooses them by their labels and side; of the others nothing is kept. In
   * the frame they are numbered from 0; clusters keep their numbers.
   *
   * @default all
   * @example readDataset(database, dataset, { rows: evaluationRows })
   */
  readonly rows?: Uint32Array | ((marks: RowMarks) => Uint32Array);
}

/**
 * Reads rows of a dataset.
 *
 * @throws TidegateError DATASET_CHANGED when bytes or header no longer match the digest taken when it was frozen;
 * DATASET_EXPIRED when retention let its rows go
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

/** Labels and side of every row, a byte each. @throws as {@link readDataset} */
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
