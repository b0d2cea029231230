// The population stability index.
import { chiSquareCritical } from '../../data/math/special-functions.ts';
import { sortedValues } from '../../data/math/total.ts';
import { type Statistic } from './statistic.ts';
import { type NumericProfile } from '../../data/profile/numeric-profile.ts';
import { decileEnds, type NumericReference } from '../../data/profile/numeric-reference.ts';

/**
 * Population stability index on deciles of the reference.
 *
 * Columns: any. Direction: drift when at least 0.25; from 0 (equal) upwards.
 * Formula: Σ (aᵢ − eᵢ)·ln(aᵢ / eᵢ) over B bins, shares being (count + ½) / (n + B/2) for both samples, so that an empty
 * bin needs no special case. Bins are frozen with the reference: ten quantile bins with open ends, or one per category.
 * Source: Lewis 1994 (index, bands); Yurdakul 2018 (its distribution without drift).
 *
 * @example psiOfCounts([50, 50], [50, 50]); // 0
 */
export const psi = {
  name: 'psi',
  columns: 'any',
  compares: 'value',
  driftWhen: 'at least',
  threshold: 0.25,
} as const satisfies Statistic;

/** The usual interpretation of a PSI: below 0.1, from 0.1 to 0.25, above 0.25. */
export type PsiBand = 'stable' | 'watch' | 'act';

/** Returns the PSI of counts in the same bins; there must be at least one bin. */
export function psiOfCounts(reference: ArrayLike<number>, current: ArrayLike<number>): number {
  const bins = reference.length;
  const n = sum(reference) + bins / 2;
  const m = sum(current) + bins / 2;
  let value = 0;
  for (let i = 0; i < bins; i++) {
    const expected = ((reference[i] ?? 0) + 0.5) / n;
    const actual = ((current[i] ?? 0) + 0.5) / m;
    value += (actual - expected) * Math.log(actual / expected);
  }
  return value;
}

/**
 * Returns the PSI of two samples on the reference's deciles; null if a sample is empty or the reference is constant.
 */
export function psiOfSamples(reference: Float64Array, current: Float64Array): number | null {
  const a = sortedValues(reference);
  const b = sortedValues(current);
  const ends = decileEnds(a);
  if (ends.length === 0 || b.length === 0) return null;
  return psiOfCounts(countUpTo(ends, a), countUpTo(ends, b));
}

/** Returns the band of a PSI. @example psiBand(0.12); // 'watch' */
export function psiBand(value: number): PsiBand {
  if (value < 0.1) return 'stable';
  return value <= psi.threshold ? 'watch' : 'act';
}

/**
 * Returns the 95 % quantile of PSI if nothing changed: (1/n + 1/m) · χ²₀.₉₅(bins − 1), for bins ≥ 2.
 *
 * @example psiNoiseFloor(5_000, 30, 10); // 0.567: with 30 rows a PSI of 0.1 is noise
 */
export const psiNoiseFloor = (n: number, m: number, bins: number): number =>
  (1 / n + 1 / m) * chiSquareCritical(0.05, bins - 1);

function countUpTo(ends: Float64Array, sorted: Float64Array): number[] {
  const counts = new Array<number>(ends.length + 1).fill(0);
  let bin = 0;
  for (const value of sorted) {
    while (bin < ends.length && value > (ends[bin] as number)) bin++;
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts;
}

function sum(counts: ArrayLike<number>): number {
  let result = 0;
  for (let i = 0; i < counts.length; i++) result += counts[i] ?? 0;
  return result;
}

/**
 * Adds up a profile's rows per decile bin of the reference; every edge of a decile bin is also an edge of a profile's
 * bin.
 */
export function psiCounts({ cuts, psiCuts }: NumericReference, { counts }: NumericProfile): Float64Array {
  const sums = new Float64Array(psiCuts.length + 1);
  let group = 0;
  for (let bin = 0; bin < counts.length; bin++) {
    if (bin > 0 && cuts[bin - 1] === psiCuts[group]) group++;
    sums[group]! += counts[bin] as number;
  }
  return sums;
}
