// Statistics of shares: missing values, labels, new categories, and departures from a constant column.
import { type FeatureReference, type Share } from '../../data/profile/feature-reference.ts';
import {
  directionOf,
  type Hypothesis,
  measured,
  notMeasurable,
  type Question,
  tooFew,
} from './hypothesis.ts';
import { twoProportionZ, wilsonLower, z } from './two-proportion-z.ts';
import { type WindowProfile } from '../../data/profile/window-profile.ts';
import { fisherExact } from '../../data/math/fisher-exact.ts';
import { NORMAL_95 } from '../../data/math/special-functions.ts';
import { RARE_BELOW } from './chi-square.ts';
import { type Statistic } from './statistic.ts';

/** Tests whether a column's share of missing values changed: p-value as in `missingShare`, effect is the difference. */
export function missingChange(
  subject: string,
  reference: Share,
  current: Share,
  minRows: number,
): Hypothesis {
  const question = shareQuestion(subject, 'missing', reference, current);
  const reason = tooFew(reference.size, current.size, minRows);
  if (reason !== null) return notMeasurable(question, reason);
  const { difference, pValue } = missingShareChange(reference, current);
  return measured(question, {
    value: difference,
    pValue,
    effectSize: Math.abs(difference),
    noiseFloor: shareNoiseFloor(reference, current),
    direction: directionOf(difference),
  });
}

/**
 * Tests whether the share of positive labels among the mature ones changed, by the z test; a difference of at least
 * 0.02 counts as drift. Pass it to `judgeWindow`, so that its p-value is adjusted together with those of the columns.
 *
 * @example judgeWindow(reference, profile, policy, [labelChange(reference, profile, 30)]);
 */
export function labelChange(
  reference: FeatureReference,
  profile: WindowProfile,
  minRows: number,
): Hypothesis {
  const question = {
    ...shareQuestion('label', 'label', reference.labels, profile.labels),
    statistic: z.name,
  };
  const reason = tooFew(reference.labels.size, profile.labels.size, minRows);
  if (reason !== null) return notMeasurable(question, reason);
  const test = twoProportionZ(reference.labels, profile.labels);
  const difference =
    profile.labels.hits / profile.labels.size - reference.labels.hits / reference.labels.size;
  return measured(question, {
    value: test.z,
    pValue: test.pValue,
    effectSize: Math.abs(difference),
    noiseFloor: shareNoiseFloor(reference.labels, profile.labels),
    direction: directionOf(difference),
  });
}

const shareQuestion = (
  subject: string,
  kind: 'missing' | 'label',
  reference: Share,
  current: Share,
): Question => ({
  subject,
  kind,
  statistic: missingShare.name,
  effect: missingShare.name,
  threshold: missingShare.threshold,
  referenceSize: reference.size,
  windowSize: current.size,
});

/**
 * Share of missing values.
 *
 * Columns: any. Direction: drift when p < 0.05 and the shares differ by at least 0.02, either way.
 * Formula: two-proportion z on the missing rows; Fisher's exact test if fewer than five missing (or present) rows are
 * expected in the reference or in the window, because a single missing value among 30 would otherwise give p = 1e-30
 * against a reference that has hardly any.
 * Source: as for the z test; Fisher 1935.
 *
 * @example missingShareChange({ hits: 0, size: 100 }, { hits: 50, size: 100 }); // { difference: 0.5, pValue: 3.2e-16 }
 */
export const missingShare = {
  name: 'missing_share',
  columns: 'any',
  compares: 'value',
  driftWhen: 'at least',
  threshold: 0.02,
} as const satisfies Statistic;

/** Returns the current share less the reference's, and its two-sided p-value. */
export function missingShareChange(
  reference: Share,
  current: Share,
): { readonly difference: number; readonly pValue: number } {
  const difference = current.hits / current.size - reference.hits / reference.size;
  const hits = reference.hits + current.hits;
  const size = reference.size + current.size;
  const rarest = (Math.min(hits, size - hits) * Math.min(reference.size, current.size)) / size;
  const pValue =
    rarest < RARE_BELOW
      ? fisherExact(reference.hits, reference.size, current.hits, current.size)
      : twoProportionZ(reference, current).pValue;
  return { difference, pValue };
}

/**
 * Returns the 95 % bound of the difference of two shares if nothing changed: 1.96 · √(p(1 − p)(1/n + 1/m)).
 *
 * @example shareNoiseFloor({ hits: 10, size: 100 }, { hits: 10, size: 100 }); // 0.083
 */
function shareNoiseFloor(reference: Share, current: Share): number {
  const pooled = (reference.hits + current.hits) / (reference.size + current.size);
  return NORMAL_95 * Math.sqrt(pooled * (1 - pooled) * (1 / reference.size + 1 / current.size));
}

/**
 * New categories.
 *
 * Columns: category. Direction: drift when the value is at least 0.01.
 * Formula: lower Wilson bound of the share of current rows with an unseen value, less the share that is expected to be
 * unseen without drift: the reference's share of values that occur only once. That is 0 for a closed set of values, and
 * near 1 for a column of identifiers, where new values are normal.
 * Source: Wilson 1927; Good 1953 for the expected unseen share.
 *
 * @example newCategoryExcess({ hits: 5, size: 100 }, 0); // 0.0215
 */
export const newCategory = {
  name: 'new_category',
  columns: 'category',
  compares: 'value',
  driftWhen: 'at least',
  threshold: 0.01,
} as const satisfies Statistic;

/** Returns by how much the lower bound of the unseen share exceeds `expected`, the share without drift; in [0, 1]. */
export const newCategoryExcess = (unseen: Share, expected: number): number =>
  Math.max(0, wilsonLower(unseen) - expected);

/**
 * Departure from a constant reference.
 *
 * Columns: numeric with a constant reference, which has no standard deviation to norm a distance with. Direction: drift
 * when the value is at least 0.01.
 * Formula: lower Wilson bound of the share of current rows that differ from the reference's only value.
 * Source: Wilson 1927.
 *
 * @example departureFromConstant({ hits: 0, size: 7_043 }); // 0
 */
export const constant = {
  name: 'constant',
  columns: 'numeric',
  compares: 'value',
  driftWhen: 'at least',
  threshold: 0.01,
} as const satisfies Statistic;

/** Which of reference and window contain a single value. */
export type ConstantSides = 'none' | 'reference' | 'window' | 'both';

/** Returns the lower 95 % bound of the share of rows that differ from the constant; in [0, 1]. */
export const departureFromConstant = (differing: Share): number => wilsonLower(differing);

/** Returns which of reference and window contain a single value. @example constantSides(1, 5); // 'reference' */
export function constantSides(referenceValues: number, windowValues: number): ConstantSides {
  if (referenceValues === 1) return windowValues === 1 ? 'both' : 'reference';
  return windowValues === 1 ? 'window' : 'none';
}
