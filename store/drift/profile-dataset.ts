// The profile of a frozen dataset, or of a part of it, without ever holding its rows.
import { type Awaitable } from '../../domain/awaitable.ts';
import { WindowProfiler } from '../../domain/drift/window-profiler.ts';
import { type FeatureReference } from '../../domain/drift/feature-reference.ts';
import { type WindowProfile } from '../../domain/drift/window-profile.ts';
import { type Database } from '../database.ts';
import { featurePart, PARTS } from '../datasets/chunk.ts';
import { codesIn, numbersIn } from '../datasets/chunk-values.ts';
import { type Dataset } from '../datasets/dataset.ts';
import { type HoldoutScorer } from '../datasets/holdout-scorer.ts';
import { type ChunkRange, everyChunk, type PassingChunk, readChunks } from '../datasets/read-chunks.ts';

/**
 * Counts the rows of a dataset, or those of a range of its chunks, in the bins of a reference. Only the columns that
 * the reference knows are read.
 *
 * @param range @default all chunks
 * @param scorer takes the chunks as they pass, so that its scores cost no pass of their own; the features that it wants
 *   are read as well. @default none
 * @throws TidegateError DATASET_CHANGED
 */
export async function profileDataset(
  database: Database,
  dataset: Dataset,
  reference: FeatureReference,
  range: ChunkRange = everyChunk(dataset),
  scorer?: HoldoutScorer,
): Promise<WindowProfile> {
  const profiler = new WindowProfiler(reference, dataset.columns);
  const wanted = dataset.columns.flatMap((column, position) =>
    profiler.wants(column.name) ? [[featurePart(position), column] as const] : [],
  );
  const columns = new Map(wanted);
  const features = new Set([...columns.keys(), ...(scorer?.features ?? [])]);
  const parts = [...(scorer ? [PARTS.holdout] : []), PARTS.labels, ...features];
  const take = (chunk: PassingChunk): Awaitable<void> => {
    const { part, bytes } = chunk;
    const column = columns.get(part);
    if (part === PARTS.labels) profiler.addLabels(bytes);
    else if (column?.kind === 'numeric') profiler.addNumbers(column.name, numbersIn(bytes));
    else if (column) profiler.addCodes(column.name, codesIn(bytes));
    return scorer?.take(chunk);
  };
  await readChunks(database, dataset, parts, range, take, scorer ? 'by rows' : 'by part');
  return profiler.profile();
}
