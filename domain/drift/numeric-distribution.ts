// Tests whether the distribution of a numeric column changed.
import { chiSquare, chiSquareTest } from './statistics/chi-square.ts';
import { fromUnit, toUnits, unitScale } from '../data/profile/clip-range.ts';
import { constant, departureFromConstant } from './statistics/share-change.ts';
import { ksPValue, ksPValueNear } from '../data/math/kolmogorov-two-sample.ts';
import { type ColumnPolicy } from './drift-policy.ts';
import {
  type Answer,
  directionOf,
  type Hypothesis,
  measured,
  notMeasurable,
  type Question,
  tooFew,
} from './statistics/hypothesis.ts';
import {
  jensenShannon,
  jensenShannonDistance,
  jensenShannonNoiseFloor,
} from './statistics/jensen-shannon.ts';
import { ks, ksBracket } from './statistics/ks.ts';
import { type NumericProfile, presentNumbers } from '../data/profile/numeric-profile.ts';
import { type NumericReference } from '../data/profile/numeric-reference.ts';
import { psi, psiCounts, psiNoiseFloor, psiOfCounts } from './statistics/psi.ts';
import { wasserstein, wassersteinBracket, wassersteinNoiseFloor } from './statistics/wasserstein.ts';

/**
 * Compares a numeric column with its reference. The p-value is that of the KS test, the effect is the clipped, normed
 * Wasserstein distance; the values are known only through bins, so both are computed from the smallest change that the
 * bins allow. The policy may name another effect, measured on the reference's deciles: the Jensen-Shannon distance, or
 * PSI with the p-value of a two-sample chi-square test on the same bins. A constant reference has no standard deviation
 * to norm a distance with; the effect is then the lower confidence bound of the share of rows that differ from it.
 */
export function numericDistribution(
  reference: NumericReference,
  profile: NumericProfile,
  policy: ColumnPolicy,
): Hypothesis {
  const isConstant = reference.profile.minimum === reference.profile.maximum;
  const effect = isConstant ? constant : EFFECTS[policy.effect ?? 'wasserstein'];
  const question: Question = {
    subject: reference.name,
    kind: 'distribution',
    statistic: effect === psi ? chiSquare.name : ks.name,
    effect: effect.name,
    threshold: isConstant ? constant.threshold : (policy.threshold ?? effect.threshold),
    referenceSize: presentNumbers(reference.profile),
    windowSize: presentNumbers(profile),
  };
  const { referenceSize: n, windowSize: m } = question;
  const reason = tooFew(n, m, policy.minRows);
  if (reason !== null) return notMeasurable(question, reason);
  if (isConstant)
    return measured(question, { ...ksOf(reference, profile), ...fromConstant(reference, profile, m) });
  if (reference.spread === 0) {
    return notMeasurable(question, 'the finite values of the reference have no spread');
  }
  const change = (meanUnit(profile) - meanUnit(reference.profile)) / reference.spread;
  const direction = directionOf(change);
  if (effect === wasserstein) {
    return measured(question, { ...ksOf(reference, profile), ...distanceOf(reference, profile), direction });
  }

  const before = psiCounts(reference, reference.profile);
  const after = psiCounts(reference, profile);
  if (before.length < 2)
    return notMeasurable(
      question,
      'so many reference values are the maximum that there is only one decile bin',
    );
  if (effect === jensenShannon) {
    const effectSize = jensenShannonDistance(before, after);
    const noiseFloor = jensenShannonNoiseFloor(n, m, before.length);
    return measured(question, { ...ksOf(reference, profile), effectSize, noiseFloor, direction });
  }
  const test = chiSquareTest(before, after);
  if (test === null) return notMeasurable(question, 'fewer than 5 rows are expected in each PSI bin');
  const { value, pValue } = test;
  const effectSize = psiOfCounts(before, after);
  return measured(question, {
    value,
    pValue,
    effectSize,
    noiseFloor: psiNoiseFloor(n, m, before.length),
    direction,
  });
}

const EFFECTS = { wasserstein, psi, jensenshannon: jensenShannon } as const;

function ksOf(reference: NumericReference, profile: NumericProfile): Answer {
  const [n, m] = [presentNumbers(reference.profile), presentNumbers(profile)];
  const { lower, upper } = ksBracket(reference.cuts, reference.profile.counts, profile.counts);
  const pValue = ksPValue(lower, n, m);
  const pValueAtLeast = ksPValueNear(upper, { d: lower, pValue }, n, m);
  return { value: lower, valueAtMost: upper, pValue, pValueAtLeast };
}

function distanceOf(reference: NumericReference, profile: NumericProfile): Answer {
  const edges = toUnits(reference.cuts, unitScale(reference.range));
  return {
    effectSize: wassersteinBracket(edges, reference.profile, profile).lower / reference.spread,
    noiseFloor:
      wassersteinNoiseFloor(edges, reference.profile.counts, presentNumbers(profile)) / reference.spread,
  };
}

/** Returns the mean of a profile's clipped values, in the column's unit; null if there are none. */
export function clippedMean(reference: NumericReference, profile: NumericProfile): number | null {
  if (reference.range === null || presentNumbers(profile) === 0) return null;
  return fromUnit(reference.range, meanUnit(profile));
}

const meanUnit = (profile: NumericProfile): number =>
  profile.sums.reduce((sum, value) => sum + value, 0) / presentNumbers(profile);

/** Relative error with which single precision stores a number. */
const SINGLE_PRECISION = 2 ** -22;

function fromConstant(reference: NumericReference, profile: NumericProfile, m: number): Answer {
  const { minimum: value } = reference.profile;
  const digits = SINGLE_PRECISION * Math.abs(value);
  // The same value stored with fewer digits is not a different value.
  if (profile.minimum >= value - digits && profile.maximum <= value + digits)
    return { effectSize: 0, noiseFloor: 0, direction: 'none' };
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
