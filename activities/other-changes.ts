// What else may have drifted beside the features: the share of positive labels, and the champion's scores.
import { type FeatureReference } from '../domain/data/profile/feature-reference.ts';
import { type Hypothesis } from '../domain/drift/statistics/hypothesis.ts';
import { predictionChange } from '../domain/drift/prediction-change.ts';
import { labelChange } from '../domain/drift/statistics/share-change.ts';
import { type WindowProfile } from '../domain/data/profile/window-profile.ts';

/** A window as drift measured it. */
export interface MeasuredWindow {
  readonly reference: FeatureReference;
  readonly profile: WindowProfile;
  /** The bins of the champion's scores, and the window's holdout rows in them; null where it has no score reference. */
  readonly scores: FeatureReference | null;
  readonly scored: WindowProfile | null;
  readonly minRows: number;
}

/**
 * Hypotheses for the same family as the features': label drift, and prediction drift on holdout rows where the champion
 * has a score reference.
 *
 * @example judgeWindow(reference, profile, policy, otherChanges(window))
 */
export function otherChanges({ reference, profile, scores, scored, minRows }: MeasuredWindow): Hypothesis[] {
  const labels = labelChange(reference, profile, minRows);
  return scores && scored ? [labels, ...predictionChange(scores, scored, minRows)] : [labels];
}
