// The area under the ROC curve (AUC) and normal confidence intervals.
import { structuralComponents } from './structural-components.ts';
import { chiSquareCritical } from './special-functions.ts';
import { type Interval } from './interval.ts';
import { type SingleAuc } from './delong.ts';

/**
 * Returns the AUC: the probability that a positive row scores above a negative one, ties counting half; in [0, 1].
 * Returns null unless both classes occur. Labels are 0 or 1.
 *
 * Formula: (Σ midranks of positives − m(m + 1)/2) / (m n), as in scikit-learn's roc_auc_score.
 *
 * @example auc([0, 0, 1, 1], Float64Array.of(0.1, 0.8, 0.2, 0.9)) // 0.75
 */
export const auc = (labels: ArrayLike<number>, scores: Float64Array): number | null =>
  structuralComponents(labels, scores)?.auc ?? null;

/** Default significance level of confidence intervals, which makes them 95 % intervals. */
export const DEFAULT_ALPHA = 0.05;

/**
 * Returns the interval value ± z √variance, limited to [least, greatest]. If the variance is not known, the interval is
 * the whole range.
 *
 * @example normalInterval(0.8, 0.0004, { least: 0, greatest: 1, alpha: 0.05 }) // 0.761 to 0.839
 */
export function normalInterval(
  value: number,
  variance: number | null,
  { least, greatest, alpha }: { least: number; greatest: number; alpha: number },
): Interval {
  if (variance === null) return { value, low: least, high: greatest };
  // The square of a standard normal variable has a chi-square distribution with one degree of freedom.
  const reach = Math.sqrt(chiSquareCritical(alpha, 1) * variance);
  return { value, low: Math.max(least, value - reach), high: Math.min(greatest, value + reach) };
}

/** Returns the confidence interval of an AUC, within [0, 1]. @default alpha = 0.05 @example aucInterval({ auc: 0.8, variance: 0.0004 }) */
export const aucInterval = ({ auc, variance }: SingleAuc, alpha = DEFAULT_ALPHA): Interval =>
  normalInterval(auc, variance, { least: 0, greatest: 1, alpha });
