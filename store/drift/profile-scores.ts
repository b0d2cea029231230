// The profile of a version's scores on a frozen window, in the bins of its score reference.
import { type FeatureReference } from '../../domain/drift/feature-reference.ts';
import { SCORE } from '../../domain/drift/prediction-change.ts';
import { WindowProfiler } from '../../domain/drift/window-profiler.ts';
import { type WindowProfile } from '../../domain/drift/window-profile.ts';
import { type Artifact } from '../../domain/learning/artifact.ts';
import { type Database } from '../database.ts';
import { type Dataset } from '../datasets/dataset.ts';
import { type ChunkRange } from '../datasets/read-chunks.ts';
import { scoreHoldout } from '../datasets/score-holdout.ts';

/**
 * Counts the scores of the holdout rows of a dataset, or of a range of its chunks; parts add up by `mergeProfiles`. The
 * dataset is one frozen by the version's own definition.
 *
 * @param scores the reference of the only column `score`
 * @throws TidegateError DATASET_CHANGED
 */
export async function profileScores(
  database: Database,
  dataset: Dataset,
  artifact: Artifact,
  scores: FeatureReference,
  range?: ChunkRange,
): Promise<WindowProfile> {
  const held = await scoreHoldout(database, dataset, artifact, range && { range });
  const profiler = new WindowProfiler(scores, [{ name: SCORE, kind: 'numeric' }]);
  profiler.addNumbers(SCORE, held.scores);
  profiler.addLabels(held.labels);
  return profiler.profile();
}
