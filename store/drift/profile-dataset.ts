// The profile of a frozen dataset, or of a part of it, without ever holding its rows.
import { WindowProfiler } from '../../domain/drift/window-profiler.ts';
import { type FeatureReference } from '../../domain/drift/feature-reference.ts';
import { type WindowProfile } from '../../domain/drift/window-profile.ts';
import { type Database } from '../database.ts';
import { featurePart, PARTS } from '../datasets/chunk.ts';
import { type Dataset } from '../datasets/dataset.ts';
import { type ChunkRange, everyChunk, readChunks } from '../datasets/read-chunks.ts';

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
  range: ChunkRange = everyChunk(dataset),
): Promise<WindowProfile> {
  const profiler = new WindowProfiler(reference, dataset.columns);
  const wanted = dataset.columns.flatMap((column, position) =>
    profiler.wants(column.name) ? [[featurePart(position), column] as const] : [],
  );
  const columns = new Map(wanted);
  await readChunks(database, dataset, [PARTS.labels, ...columns.keys()], range, ({ part, bytes }) => {
    const column = columns.get(part);
    if (!column) profiler.addLabels(bytes);
    else if (column.kind === 'numeric') profiler.addNumbers(column.name, numbersIn(bytes));
    else profiler.addCodes(column.name, codesIn(bytes));
  });
  return profiler.profile();
}

// Typed arrays stand at multiples of their size. The bytes of a large chunk do so where they arrive, those of a small
// one anywhere.
const standing = ({ buffer, byteOffset, length }: Buffer, size: number): [ArrayBufferLike, number, number] =>
  byteOffset % size === 0
    ? [buffer, byteOffset, length / size]
    : [buffer.slice(byteOffset, byteOffset + length), 0, length / size];

const numbersIn = (bytes: Buffer): Float64Array => new Float64Array(...standing(bytes, 8));
const codesIn = (bytes: Buffer): Uint32Array => new Uint32Array(...standing(bytes, 4));
