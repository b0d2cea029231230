// Changes of shares: missing values, new categories, columns that became constant.
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

/** Whether a column's share of missing values changed: p by the z test, effect by the difference. */
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
 * Whether the share of positive labels among mature ones changed, by the z test; material from 0.02. Give it to
 * `judgeWindow` beside the columns, so that it is adjusted with them.
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
 * Share of missing values, tested and measured.
 *
 * Columns: any. Direction: drift when p < 0.05 and the shares differ by at least 0.02, either way.
 * Formula: two-proportion z on the missing rows; Fisher's exact test where fewer than five missing (or present) rows
 * are expected on a side, since a single missing value among 30 would otherwise give p = 1e-30 against a reference
 * that hardly has any.
 * Source: as for the z test; Fisher 1935.
 *
 * @example missingShareChange({ hits: 0, size: 100 }, { hits: 50, size: 100 }); // { difference: 0.5, pValue: 3.2e-16 }
 */
export const missingShare = {
  name: 'missing_share',
  columns: 'any',
  judges: 'value',
  driftWhen: 'at least',
  threshold: 0.02,
} as const satisfies Statistic;

/** The current share less the reference's, and the two-sided p-value of that. */
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
 * The 95 % point of the difference of two shares where nothing changed: 1.96 · √(p(1 − p)(1/n + 1/m)).
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
 * Formula: lower Wilson bound of the share of current rows with an unseen value, less the share that is unseen even
 * without drift: the reference's share of values seen once. That is 0 for a closed set of values, and near 1 for a
 * column of identifiers, where new values are no news.
 * Source: Wilson 1927; Good 1953 for the expected unseen share.
 *
 * @example newCategoryExcess({ hits: 5, size: 100 }, 0); // 0.0215
 */
export const newCategory = {
  name: 'new_category',
  columns: 'category',
  judges: 'value',
  driftWhen: 'at least',
  threshold: 0.01,
} as const satisfies Statistic;

/** How far the share of unseen values surely exceeds `expected`, the share unseen without drift; in [0, 1]. */
export const newCategoryExcess = (unseen: Share, expected: number): number =>
  Math.max(0, wilsonLower(unseen) - expected);

/**
 * Departure from a constant reference.
 *
 * Columns: numeric, where the reference has no spread to measure a distance in. Direction: drift when the value is at
 * least 0.01.
 * Formula: lower Wilson bound of the share of current rows that differ from the reference's only value.
 * Source: Wilson 1927.
 *
 * @example departureFromConstant({ hits: 0, size: 7_043 }); // 0
 */
export const constant = {
  name: 'constant',
  columns: 'numeric',
  judges: 'value',
  driftWhen: 'at least',
  threshold: 0.01,
} as const satisfies Statistic;

/** Which sides hold one value only. */
export type ConstantSides = 'none' | 'reference' | 'window' | 'both';

/** The share of rows that surely differ from the constant; in [0, 1]. */
export const departureFromConstant = (differing: Share): number => wilsonLower(differing);

/** Names the sides that hold one value only. @example constantSides(1, 5); // 'reference' */
export function constantSides(referenceValues: number, windowValues: number): ConstantSides {
  if (referenceValues === 1) return windowValues === 1 ? 'both' : 'reference';
  return windowValues === 1 ? 'window' : 'none';
}
