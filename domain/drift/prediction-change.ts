// Prediction drift: tests whether the distribution of the champion's scores on holdout rows changed.
import { DEFAULT_MIN_ROWS } from './drift-policy.ts';
import { type FeatureReference } from '../data/profile/feature-reference.ts';
import { type Hypothesis } from './statistics/hypothesis.ts';
import { numericDistribution } from './numeric-distribution.ts';
import { type WindowProfile, WindowProfiler } from '../data/profile/window-profile.ts';

/** Name of the only column of a reference of scores. */
export const SCORE = 'score';

/**
 * Profiles scores in the bins of their reference; if a window is profiled in parts, `mergeProfiles` adds the profiles
 * up.
 */
export function profileOfScores(reference: FeatureReference, scores: Float64Array): WindowProfile {
  const profiler = new WindowProfiler(reference, [{ name: SCORE, kind: 'numeric' }]);
  profiler.addNumbers(SCORE, scores);
  return profiler.profile();
}

/**
 * Tests for prediction drift, as one hypothesis of the report: p-value by KS, effect by the clipped, normed Wasserstein
 * distance, as for any number. Reference and window both contain scores of holdout rows. Returns an empty list if
 * either has no profile of scores.
 *
 * @param reference frozen from scores, with `score` as its only column
 * @param profile the window's scores in the bins of that reference
 * @example judgeWindow(features, window, policy, predictionChange(scores, scored, 30))
 */
export function predictionChange(
  reference: FeatureReference,
  profile: WindowProfile,
  minRows: number = DEFAULT_MIN_ROWS,
): Hypothesis[] {
  const [before] = reference.columns;
  const [now] = profile.columns;
  if (before?.kind !== 'numeric' || now?.kind !== 'numeric') return [];
  return [{ ...numericDistribution(before, now, { minRows }), kind: 'prediction' }];
}
