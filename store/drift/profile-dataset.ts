// The profile of a frozen dataset, or of a part of it, without ever holding its rows.
import { type Awaitable } from '../../domain/learning/artifact/scorer.ts';
import { type FeatureReference } from '../../domain/data/profile/feature-reference.ts';
import { type WindowProfile } from '../../domain/data/profile/window-profile.ts';
import { type Database } from '../database.ts';
import { PARTS } from '../datasets/chunk.ts';
import { type Dataset } from '../datasets/dataset.ts';
import { type HoldoutScorer } from '../datasets/holdout-scorer.ts';
import { type ChunkRange, everyChunk, type PassingChunk, readChunks } from '../datasets/read-chunks.ts';
import { ChunkProfiler } from './chunk-profiler.ts';

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
  const profiler = new ChunkProfiler(reference, dataset.columns);
  const features = new Set([...profiler.parts, ...(scorer?.features ?? [])]);
  const parts = [...(scorer ? [PARTS.holdout] : []), ...features];
  const take = (chunk: PassingChunk): Awaitable<void> => {
    profiler.take(chunk);
    return scorer?.take(chunk);
  };
  await readChunks(database, dataset, parts, range, take, scorer ? 'by rows' : 'by part');
  return profiler.profile();
}
