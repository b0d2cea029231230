// What else may have drifted beside the features: the share of positive labels, and the champion's scores.
import { type FeatureReference } from '../domain/drift/feature-reference.ts';
import { type Hypothesis } from '../domain/drift/hypothesis.ts';
import { predictionChange } from '../domain/drift/prediction-change.ts';
import { labelChange } from '../domain/drift/share-change.ts';
import { type WindowProfile } from '../domain/drift/window-profile.ts';
import { type Artifact } from '../domain/learning/artifact.ts';
import { decodeScores } from '../domain/performance/score-reference.ts';
import { type Database } from '../store/database.ts';
import { type Dataset } from '../store/datasets/dataset.ts';
import { profileScores } from '../store/drift/profile-scores.ts';
import { readScoreReference } from '../store/versions/versions.ts';

/** A window as drift measured it. */
export interface MeasuredWindow {
  readonly model: string;
  readonly championVersion: number;
  readonly artifact: Artifact;
  /** Frozen by the champion's own definition. */
  readonly dataset: Dataset;
  readonly reference: FeatureReference;
  readonly profile: WindowProfile;
  readonly minRows: number;
}

/**
 * Hypotheses for the same family as the features': label drift, and prediction drift on holdout rows where the champion
 * has a score reference.
 *
 * @example judgeWindow(reference, profile, policy, await otherChanges(database, window))
 */
export async function otherChanges(
  database: Database,
  { model, championVersion, artifact, dataset, reference, profile, minRows }: MeasuredWindow,
): Promise<Hypothesis[]> {
  const labels = labelChange(reference, profile, minRows);
  const encoded = await readScoreReference(database, model, championVersion);
  if (encoded === null) return [labels];
  const scores = decodeScores(encoded).profile;
  const scored = await profileScores(database, dataset, artifact, scores);
  return [labels, ...predictionChange(scores, scored, minRows)];
}
