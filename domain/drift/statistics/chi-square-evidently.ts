// The chi-square test as Evidently computes it, with the reference's shares taken as exact.
import { chiSquareSurvival } from '../../data/math/special-functions.ts';
import { type Statistic } from './statistic.ts';

/**
 * One-sample chi-square test, for parity with Evidently 0.7 only.
 *
 * Columns: category, and numbers of three to five values. Direction: drift when p < 0.05.
 * Formula: Σ (O − E)² / E over the categories that occur in the reference or in the window, E the reference's shares of
 * the current rows, k − 1 degrees of freedom. The reference's shares are taken as exact: a single row of a category
 * that it lacks gives p = 0, and a small reference gives far too small p-values. `chisquare` avoids both.
 * Source: Evidently 0.7, `chisquare`; scipy `chisquare`.
 *
 * @example chiSquareEvidentlyTest([50, 30, 20], [40, 35, 25]); // { value: 4.08, dof: 2, pValue: 0.1298 }
 */
export const chiSquareEvidently = {
  name: 'chisquare_evidently',
  columns: 'category',
  compares: 'p-value',
  driftWhen: 'below',
  threshold: 0.05,
} as const satisfies Statistic;

/**
 * Tests two counts over the same categories. `value` is Infinity if the reference lacks a category that the current
 * window has. Returns null if either has no rows.
 */
export function chiSquareEvidentlyTest(
  reference: ArrayLike<number>,
  current: ArrayLike<number>,
): { readonly value: number; readonly dof: number; readonly pValue: number } | null {
  let n = 0;
  let m = 0;
  for (let i = 0; i < reference.length; i++) {
    n += reference[i] ?? 0;
    m += current[i] ?? 0;
  }
  if (n === 0 || m === 0) return null;
  let value = 0;
  let categories = 0;
  for (let i = 0; i < reference.length; i++) {
    const expected = ((reference[i] ?? 0) * m) / n;
    const observed = current[i] ?? 0;
    if (expected === 0 && observed === 0) continue;
    categories++;
    value += (observed - expected) ** 2 / expected;
  }
  const dof = categories - 1;
  if (dof === 0) return { value, dof, pValue: 1 };
  return { value, dof, pValue: value === Infinity ? 0 : chiSquareSurvival(value, dof) };
}
