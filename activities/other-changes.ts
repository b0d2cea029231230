// What else may have drifted beside the features: the share of positive labels, and the champion's scores.
import { type FeatureReference } from '../domain/drift/feature-reference.ts';
import { type Hypothesis } from '../domain/drift/hypothesis.ts';
import { predictionChange, profileOfScores } from '../domain/drift/prediction-change.ts';
import { labelChange } from '../domain/drift/share-change.ts';
import { type WindowProfile } from '../domain/drift/window-profile.ts';
import { decodeScores } from '../domain/performance/score-reference.ts';
import { type Database } from '../store/database.ts';
import { readScoreReference } from '../store/versions/versions.ts';

/** A window as drift measured it. */
export interface MeasuredWindow {
  readonly reference: FeatureReference;
  readonly profile: WindowProfile;
  /** The champion's scores of the window's holdout rows. */
  readonly scores: Float64Array;
  readonly minRows: number;
}

/**
 * Hypotheses for the same family as the features': label drift, and prediction drift on holdout rows where the champion
 * has a score reference.
 *
 * @example judgeWindow(reference, profile, policy, await otherChanges(database, champion, window))
 */
export async function otherChanges(
  database: Database,
  champion: { readonly model: string; readonly version: number },
  { reference, profile, scores, minRows }: MeasuredWindow,
): Promise<Hypothesis[]> {
  const labels = labelChange(reference, profile, minRows);
  const encoded = await readScoreReference(database, champion.model, champion.version);
  if (encoded === null) return [labels];
  const before = decodeScores(encoded).profile;
  return [labels, ...predictionChange(before, profileOfScores(before, scores), minRows)];
}
