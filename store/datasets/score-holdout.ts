// Scores the holdout rows of a frozen dataset without ever holding its rows.
import { type Scorer } from '../../domain/learning/artifact/scorer.ts';
import { type Database } from '../database.ts';
import { PARTS } from './chunk.ts';
import { type Dataset } from './dataset.ts';
import { HoldoutScorer, type ScoredHoldout } from './holdout-scorer.ts';
import { everyChunk, readChunks } from './read-chunks.ts';

/**
 * Scores every holdout row, labelled or not. Only the columns that the version uses are read; memory holds those of
 * one chunk's holdout rows, and the scores.
 *
 * @param expectedUntil rows up to this time should have their label
 * @throws TidegateError DATASET_CHANGED; UNKNOWN_COLUMN, WRONG_COLUMN_TYPE where the dataset lacks a feature of the version
 */
export async function scoreHoldout(
  database: Database,
  dataset: Dataset,
  version: Scorer,
  expectedUntil: Date,
): Promise<ScoredHoldout> {
  const scorer = new HoldoutScorer(dataset, version, expectedUntil);
  const parts = [PARTS.holdout, PARTS.times, PARTS.labels, PARTS.clusters, ...scorer.features];
  await readChunks(database, dataset, parts, everyChunk(dataset), (chunk) => scorer.take(chunk), 'by rows');
  return scorer.finish();
}
