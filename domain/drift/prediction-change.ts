// Whether the champion's scores are distributed as they were on rows it was not trained on.
import { DEFAULT_MIN_ROWS } from './drift-policy.ts';
import { type FeatureReference } from '../data/profile/feature-reference.ts';
import { type Hypothesis } from './statistics/hypothesis.ts';
import { numericDistribution } from './numeric-distribution.ts';
import { type WindowProfile, WindowProfiler } from '../data/profile/window-profile.ts';

/** Name of the only column of a reference of scores. */
export const SCORE = 'score';

/** The profile of scores in the bins of their reference; profiles of parts add up by `mergeProfiles`. */
export function profileOfScores(reference: FeatureReference, scores: Float64Array): WindowProfile {
  const profiler = new WindowProfiler(reference, [{ name: SCORE, kind: 'numeric' }]);
  profiler.addNumbers(SCORE, scores);
  return profiler.profile();
}

/**
 * Prediction drift, one hypothesis of its report: p by KS, effect by the clipped, normed Wasserstein distance, as for any
 * number. Both sides are scores of holdout rows. Nothing where either side holds no scores at all.
 *
 * @param reference frozen from scores, as the only column `score`; @param profile of the window's scores in its bins
 * @example judgeWindow(features, window, policy, [labelChange(features, window, 30), ...predictionChange(scores, scored, 30)])
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
