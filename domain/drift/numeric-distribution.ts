// Whether the distribution of a numeric column changed.
import { fromUnit, toUnits, unitScale } from './clip-range.ts';
import { constant, departureFromConstant } from './constant.ts';
import { ksPValue } from './distributions/kolmogorov-two-sample.ts';
import {
  directionOf,
  measured,
  notMeasurable,
  tooFew,
  type Hypothesis,
  type Question,
} from './hypothesis.ts';
import { ks, ksBracket } from './ks.ts';
import { presentNumbers, type NumericProfile } from './numeric-profile.ts';
import type { NumericReference } from './numeric-reference.ts';
import { wasserstein, wassersteinBracket, wassersteinNoiseFloor } from './wasserstein.ts';

/**
 * Compares a numeric column with its reference: p by KS, effect by the clipped, normed Wasserstein distance. Both are
 * taken at the lower end of their brackets. A constant reference has no spread to measure a distance in; there the
 * effect is the share of rows that surely differ from it.
 */
export function numericDistribution(
  reference: NumericReference,
  profile: NumericProfile,
  minRows: number,
  threshold: number | undefined,
): Hypothesis {
  const isConstant = reference.profile.minimum === reference.profile.maximum;
  const effect = isConstant ? constant : wasserstein;
  const question: Question = {
    subject: reference.name,
    kind: 'distribution',
    statistic: ks.name,
    effect: effect.name,
    threshold: threshold ?? effect.threshold,
    referenceSize: presentNumbers(reference.profile),
    windowSize: presentNumbers(profile),
  };
  const { referenceSize: n, windowSize: m } = question;
  const reason = tooFew(n, m, minRows);
  if (reason !== null) return notMeasurable(question, reason);
  if (!isConstant && reference.spread === 0) {
    return notMeasurable(question, 'the finite values of the reference have no spread');
  }

  const { lower, upper } = ksBracket(reference.cuts, reference.profile.counts, profile.counts);
  const pValue = ksPValue(lower, n, m);
  // An exact p-value of thousands of rows takes milliseconds; most brackets are a point.
  const pValueAtLeast = upper === lower ? pValue : ksPValue(upper, n, m);
  const test = { value: lower, valueAtMost: upper, pValue, pValueAtLeast };
  if (isConstant) return measured(question, { ...test, ...fromConstant(reference, profile, m) });

  const edges = toUnits(reference.cuts, unitScale(reference.range));
  const change = meanUnit(profile) - meanUnit(reference.profile);
  return measured(question, {
    ...test,
    effectSize: wassersteinBracket(edges, reference.profile, profile).lower / reference.spread,
    noiseFloor: wassersteinNoiseFloor(edges, reference.profile.counts, m) / reference.spread,
    direction: directionOf(change / reference.spread),
  });
}

/** Mean of a profile's clipped values, in the column's unit; null where there are none. */
export function clippedMean(reference: NumericReference, profile: NumericProfile): number | null {
  if (reference.range === null || presentNumbers(profile) === 0) return null;
  return fromUnit(reference.range, meanUnit(profile));
}

const meanUnit = (profile: NumericProfile): number =>
  profile.sums.reduce((sum, value) => sum + value, 0) / presentNumbers(profile);

function fromConstant(reference: NumericReference, profile: NumericProfile, m: number) {
  const only = reference.profile.counts.findIndex((count) => count > 0);
  const same = profile.counts[only] ?? 0;
  const below = profile.counts.subarray(0, only).reduce((sum, count) => sum + count, 0);
  const above = m - same - below;
  return {
    effectSize: departureFromConstant({ hits: m - same, size: m }),
    noiseFloor: 0,
    direction: directionOf(above - below),
  };
}
