// The profile of a frozen dataset, or of a part of it, without ever holding its rows.
import { WindowProfiler } from '../../domain/drift/window-profiler.ts';
import { type FeatureReference } from '../../domain/drift/feature-reference.ts';
import { type WindowProfile } from '../../domain/drift/window-profile.ts';
import { type Database } from '../database.ts';
import { CHUNK_ROWS, featurePart, PARTS } from '../datasets/chunk.ts';
import { type Dataset } from '../datasets/dataset.ts';
import { type ChunkRange, readChunks } from '../datasets/read-chunks.ts';

/** Chunks of each column of a dataset. @example chunksOf({ rows: 70_000 }) // 2 */
export const chunksOf = ({ rows }: Pick<Dataset, 'rows'>): number => Math.ceil(rows / CHUNK_ROWS);

/**
 * Counts the rows of a dataset, or those of a range of its chunks, in the bins of a reference. Only the columns that
 * the reference knows are read.
 *
 * @param range @default all chunks
 * @throws TidegateError DATASET_CHANGED
 */
export async function profileDataset(
  database: Database,
  dataset: Dataset,
  reference: FeatureReference,
  range: ChunkRange = { first: 0, end: chunksOf(dataset) },
): Promise<WindowProfile> {
  const profiler = new WindowProfiler(reference, dataset.columns);
  const wanted = dataset.columns.flatMap((column, position) =>
    profiler.wants(column.name) ? [[featurePart(position), column] as const] : [],
  );
  const columns = new Map(wanted);
  const aligned = new ArrayBuffer(CHUNK_ROWS * 8);
  const copy = new Uint8Array(aligned);
  await readChunks(database, dataset, [PARTS.labels, ...columns.keys()], range, ({ part, bytes }) => {
    const column = columns.get(part);
    if (!column) {
      profiler.addLabels(bytes);
      return;
    }
    // Typed arrays stand at multiples of their size, and what arrives stands anywhere.
    copy.set(bytes);
    if (column.kind === 'numeric') {
      profiler.addNumbers(column.name, new Float64Array(aligned, 0, bytes.length / 8));
    } else {
      profiler.addCodes(column.name, new Uint32Array(aligned, 0, bytes.length / 4));
    }
  });
  return profiler.profile();
}
