// Profiles a window or a part of a window: counts its features in the bins of the champion's reference, and the
// champion's scores in the bins of its score reference.
import { type FeatureReference } from '../domain/data/profile/feature-reference.ts';
import { profileOfScores } from '../domain/drift/prediction-change.ts';
import { decodeReference, type EncodedReference } from '../domain/data/profile/profile-codec.ts';
import { TidegateError } from '../domain/errors.ts';
import { type Scorer } from '../domain/learning/artifact/scorer.ts';
import { type Unmeasured, unmeasured } from '../domain/decisions/report.ts';
import { decodeScores } from '../domain/performance/score-reference.ts';
import { type Database } from '../store/postgres/database.ts';
import { type Dataset } from '../store/registry/dataset.ts';
import { HoldoutScorer } from '../store/datasets/holdout-scorer.ts';
import { type ChunkRange } from '../store/datasets/read-chunks.ts';
import { profileDataset } from '../store/profiles/profile-dataset.ts';
import { type WindowCounts } from '../store/profiles/profile-parts.ts';
import { readScoreReference } from '../store/registry/versions.ts';

/** The inputs for profiling a window. */
export interface Counting {
  /** The window, frozen by the champion's own definition. */
  readonly dataset: Dataset;
  readonly scorer: Scorer;
  readonly reference: FeatureReference;
  /** The bins of the champion's scores; null if the champion has no score reference. */
  readonly scores: FeatureReference | null;
}

/** Returns the bins of a version's scores, as a single column `score`; null if the version has no score reference. */
export async function scoreBins(
  database: Database,
  { model, version }: { readonly model: string; readonly version: number },
): Promise<FeatureReference | null> {
  const encoded = await readScoreReference(database, model, version);
  return encoded === null ? null : decodeScores(encoded).profile;
}

/**
 * Counts the features of all rows and the scores of holdout rows in one pass.
 *
 * @param range @default all chunks
 * @throws TidegateError DATASET_CHANGED
 */
export async function countWindow(
  database: Database,
  { dataset, scorer, reference, scores }: Counting,
  range?: ChunkRange,
): Promise<WindowCounts> {
  if (scores === null)
    return { profile: await profileDataset(database, dataset, reference, range), scored: null };
  const holdout = new HoldoutScorer(dataset, scorer);
  const profile = await profileDataset(database, dataset, reference, range, holdout);
  return { profile, scored: profileOfScores(scores, (await holdout.finish()).scores) };
}

/**
 * Decodes a reference. A reference of an older format is returned as unmeasured, so that the rest of the monitor run
 * continues.
 */
export function referenceOf(encoded: EncodedReference): FeatureReference | Unmeasured {
  try {
    return decodeReference(encoded);
  } catch (error) {
    if (error instanceof TidegateError && error.code === 'UNREADABLE_PROFILE')
      return unmeasured(error.message);
    throw error;
  }
}
