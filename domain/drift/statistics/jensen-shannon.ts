// The Jensen-Shannon distance.
import { chiSquareCritical } from '../../data/math/special-functions.ts';
import type { Statistic } from './statistic.ts';

/**
 * Jensen-Shannon distance with the natural logarithm.
 *
 * Columns: any, binned or categories. Direction: drift when at least 0.1; from 0 (equal) to √ln 2 = 0.8326 (disjoint).
 * Formula: √(½ Σ p ln(p/m) + ½ Σ q ln(q/m)), m = (p + q)/2. NannyML uses base 2, which gives 1.2011 times this value.
 * Source: Lin 1991; Endres and Schindelin 2003.
 *
 * @example jensenShannonDistance([50, 30, 20, 0], [40, 30, 25, 5]); // 0.1466
 */
export const jensenShannon = {
  name: 'jensenshannon',
  columns: 'any',
  compares: 'value',
  driftWhen: 'at least',
  threshold: 0.1,
} as const satisfies Statistic;

/** Returns the distance between two counts over the same cells; each side must have at least one row. Symmetric. */
export function jensenShannonDistance(reference: ArrayLike<number>, current: ArrayLike<number>): number {
  let n = 0;
  let m = 0;
  for (let i = 0; i < reference.length; i++) {
    n += reference[i] ?? 0;
    m += current[i] ?? 0;
  }
  let divergence = 0;
  for (let i = 0; i < reference.length; i++) {
    const p = (reference[i] ?? 0) / n;
    const q = (current[i] ?? 0) / m;
    const middle = (p + q) / 2;
    if (p > 0) divergence += (p * Math.log(p / middle)) / 2;
    if (q > 0) divergence += (q * Math.log(q / middle)) / 2;
  }
  // Equal shares may leave a rounding error below zero.
  return Math.sqrt(Math.max(0, divergence));
}

/**
 * Returns the 95 % quantile of the distance if nothing changed, for `cells` ≥ 2:
 * √((1/n + 1/m) · χ²₀.₉₅(cells − 1) / 8), at most √ln 2.
 *
 * @example jensenShannonNoiseFloor(5_000, 50, 3); // 0.123
 */
export const jensenShannonNoiseFloor = (n: number, m: number, cells: number): number =>
  Math.min(Math.sqrt(Math.LN2), Math.sqrt(((1 / n + 1 / m) * chiSquareCritical(0.05, cells - 1)) / 8));
