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
 * Formula: Σ (aᵢ − eᵢ)·ln(aᵢ / eᵢ), shares being (count + ½) / (n + B/2) on both sides, so that an empty bin is no
 * special case. Bins are frozen with the reference: ten quantile bins with open ends, or one per category.
 * Source: Lewis 1994 (index, bands); Yurdakul 2018 (its distribution without drift).
 *
 * @example psiOfCounts([50, 50], [50, 50]); // 0
 */
export const psi = {
  name: 'psi',
  columns: 'any',
  judges: 'value',
  driftWhen: 'at least',
  threshold: 0.25,
} as const satisfies Statistic;

/** What a PSI is commonly held to say: below 0.1, up to 0.25, above. */
export type PsiBand = 'stable' | 'watch' | 'act';

/** PSI from counts in the same bins, at least one on each side. */
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

/** PSI of two samples on the reference's deciles; null where a side is empty or the reference has one value. */
export function psiOfSamples(reference: Float64Array, current: Float64Array): number | null {
  const a = sortedValues(reference);
  const b = sortedValues(current);
  const ends = decileEnds(a);
  if (ends.length === 0 || b.length === 0) return null;
  return psiOfCounts(countUpTo(ends, a), countUpTo(ends, b));
}

/** The band of a PSI. @example psiBand(0.12); // 'watch' */
export function psiBand(value: number): PsiBand {
  if (value < 0.1) return 'stable';
  return value <= psi.threshold ? 'watch' : 'act';
}

/**
 * The 95 % point of PSI where nothing changed: (1/n + 1/m) · χ²₀.₉₅(bins − 1), for bins ≥ 2.
 *
 * @example psiNoiseFloor(5_000, 30, 10); // 0.567: with 30 rows a PSI of 0.1 says nothing
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

/** Rows in each decile bin of the reference: the bins between PSI's cuts, which are cuts of the column too. */
export function psiCounts({ cuts, psiCuts }: NumericReference, { counts }: NumericProfile): Float64Array {
  const sums = new Float64Array(psiCuts.length + 1);
  let group = 0;
  for (let bin = 0; bin < counts.length; bin++) {
    if (bin > 0 && cuts[bin - 1] === psiCuts[group]) group++;
    sums[group]! += counts[bin] as number;
  }
  return sums;
}
