// The Wasserstein distance, on samples and on bins.
import { clipRange, toUnits, unitScale } from '../../data/profile/clip-range.ts';
import { NORMAL_95 } from '../../data/math/special-functions.ts';
import { type Bracket } from './ks.ts';
import { sortedValues, total } from '../../data/math/total.ts';
import { type Statistic } from './statistic.ts';
import { standardDeviation } from '../../data/math/moments.ts';

/**
 * Clipped, normed Wasserstein distance.
 *
 * Columns: numeric. Direction: drift when at least 0.1; from 0 (equal) upwards, in standard deviations.
 * Formula: ∫ |F_reference − F_current| dx of both samples, clipped to the reference's 0.5 % and 99.5 % quantiles,
 * divided by the standard deviation (ddof 0) of the clipped reference. If those quantiles coincide, both samples are
 * clipped to the reference's range instead and divided by its plain standard deviation; if that is 0, the distance is
 * not measurable.
 * Source: Kantorovich 1942; clipped so that a single 1e6 neither hides a shift nor counts as one.
 *
 * @example normedWasserstein(Float64Array.of(0, 1), Float64Array.of(0, 0)); // 1
 */
export const wasserstein = {
  name: 'wasserstein',
  columns: 'numeric',
  compares: 'value',
  driftWhen: 'at least',
  threshold: 0.1,
} as const satisfies Statistic;

/** Returns the plain, unclipped distance of two samples in their own unit; null if a sample is empty. Ignores NaN. */
export function wassersteinDistance(reference: Float64Array, current: Float64Array): number | null {
  const a = sortedValues(reference);
  const b = sortedValues(current);
  if (a.length === 0 || b.length === 0) return null;
  let distance = 0;
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const x = Math.min(a[i] ?? Infinity, b[j] ?? Infinity);
    while (i < a.length && (a[i] as number) <= x) i++;
    while (j < b.length && (b[j] as number) <= x) j++;
    const next = Math.min(a[i] ?? Infinity, b[j] ?? Infinity);
    const difference = Math.abs(i / a.length - j / b.length);
    if (difference > 0) distance += difference * (next - x);
  }
  return distance;
}

/** Returns the clipped, normed distance of two samples; null if it is not measurable. */
export function normedWasserstein(reference: Float64Array, current: Float64Array): number | null {
  const range = clipRange(sortedValues(reference));
  const scale = unitScale(range);
  const clipped = toUnits(reference, scale);
  const spread = standardDeviation(clipped);
  if (range === null || spread === 0) return null;
  const distance = wassersteinDistance(clipped, toUnits(current, scale));
  return distance === null ? null : distance / spread;
}

/** One of the two compared samples, in bins: the number of rows in each bin and the sum of their values. */
export interface BinnedSide {
  readonly counts: Float64Array;
  readonly sums: Float64Array;
}

/**
 * Returns bounds of the plain distance from counts and sums in bins over [0, 1]. `edges` are the inner edges of the
 * bins, in ascending order (equal ones allowed), one fewer than the bins. Both samples must have at least one value.
 *
 * The sum of a bin gives the area under the distribution function within it exactly, so the distance is exact in every
 * bin where the two functions do not cross.
 *
 * @example wassersteinBracket(Float64Array.of(0.5), reference.profile, window).lower; // over [0, 1]
 */
export function wassersteinBracket(edges: Float64Array, reference: BinnedSide, current: BinnedSide): Bracket {
  const n = total(reference.counts);
  const m = total(current.counts);
  let lower = 0;
  let upper = 0;
  let before = 0;
  let currentBefore = 0;
  for (let bin = 0; bin < reference.counts.length; bin++) {
    const start = bin === 0 ? 0 : (edges[bin - 1] as number);
    const end = bin === edges.length ? 1 : (edges[bin] as number);
    const width = end - start;
    const count = reference.counts[bin] as number;
    const currentCount = current.counts[bin] as number;
    const after = before + count / n;
    const currentAfter = currentBefore + currentCount / m;
    // Area between the function and its value at the start of the bin; rounding errors must not make it negative.
    const rise = Math.max(0, count * end - (reference.sums[bin] as number)) / n;
    const currentRise = Math.max(0, currentCount * end - (current.sums[bin] as number)) / m;

    const smallest = Math.abs((before - currentBefore) * width + rise - currentRise);
    lower += smallest;
    if (before >= currentAfter || currentBefore >= after) {
      upper += smallest;
    } else {
      const fromStart = Math.abs(before - currentBefore) * width + rise + currentRise;
      const fromEnd =
        Math.abs(after - currentAfter) * width +
        ((after - before) * width - rise) +
        ((currentAfter - currentBefore) * width - currentRise);
      upper += Math.max(smallest, Math.min(fromStart, fromEnd));
    }
    before = after;
    currentBefore = currentAfter;
  }
  return { lower, upper };
}

/**
 * Returns about the 95 % quantile of the plain distance if nothing changed: 1.96 · √(1/n + 1/m) · ∫ √(F(1 − F)) dx, F
 * from the reference's counts. Exact for a column of two values, up to a third too high for continuous ones.
 */
export function wassersteinNoiseFloor(edges: Float64Array, counts: Float64Array, m: number): number {
  const n = total(counts);
  let area = 0;
  let before = 0;
  for (let bin = 0; bin < counts.length; bin++) {
    const after = before + (counts[bin] as number) / n;
    const width = (edges[bin] ?? 1) - (bin === 0 ? 0 : (edges[bin - 1] as number));
    const middle = (before + after) / 2;
    area += width * Math.sqrt(Math.max(0, middle * (1 - middle)));
    before = after;
  }
  return NORMAL_95 * Math.sqrt(1 / n + 1 / m) * area;
}
