// The two-sample chi-square test of categories.
import { chiSquareSurvival } from '../../data/math/special-functions.ts';
import { fisherExact } from '../../data/math/fisher-exact.ts';
import type { Statistic } from './statistic.ts';

/**
 * Chi-square test of a 2 × k table: reference and current rows by category.
 *
 * Columns: category. Direction: drift when p < 0.05.
 * Formula: Σ (O − E)² / E over 2k cells, k − 1 degrees of freedom. Reference and window both count as samples, so one
 * new rare value does not give p = 0. Categories expected fewer than five times in the smaller sample are pooled,
 * rarest first. Rarity is decided by the totals of both samples, which keeps the test valid. If two categories remain
 * and one is still that rare, the p-value comes from Fisher's exact test.
 * Source: Pearson 1900; Cochran 1954 for the rule of five.
 *
 * @example chiSquareTest([60, 40], [45, 55]); // { value: 4.51, dof: 1, pValue: 0.0337 }
 */
export const chiSquare = {
  name: 'chisquare',
  columns: 'category',
  compares: 'p-value',
  driftWhen: 'below',
  threshold: 0.05,
} as const satisfies Statistic;

/** The result of a chi-square test. */
export interface ChiSquareResult {
  readonly value: number;
  /** Number of categories after pooling, less one. */
  readonly dof: number;
  readonly pValue: number;
}

/** A category with fewer expected rows than this is rare. */
export const RARE_BELOW = 5;

/**
 * Tests two lists of counts over the same categories. Returns null if a list counts no rows, if there is only one
 * category, or if there are more than two and all of them are rare.
 *
 * @param options.rareBelow categories with fewer expected rows are pooled; 0 pools nothing. @default 5
 */
export function chiSquareTest(
  reference: ArrayLike<number>,
  current: ArrayLike<number>,
  { rareBelow = RARE_BELOW }: { readonly rareBelow?: number } = {},
): ChiSquareResult | null {
  const cells: Cell[] = [];
  let n = 0;
  let m = 0;
  for (let i = 0; i < reference.length; i++) {
    const cell = { reference: reference[i] ?? 0, current: current[i] ?? 0 };
    n += cell.reference;
    m += cell.current;
    if (rows(cell) > 0) cells.push(cell);
  }
  if (n === 0 || m === 0) return null;
  const smallerShare = Math.min(n, m) / (n + m);
  const isRare = (cell: Cell): boolean => rows(cell) * smallerShare < rareBelow;
  const kept = pool(cells, isRare);
  if (kept.length < 2) return null;

  let value = 0;
  for (const cell of kept) {
    const expected = (rows(cell) * n) / (n + m);
    const currentExpected = (rows(cell) * m) / (n + m);
    value +=
      (cell.reference - expected) ** 2 / expected + (cell.current - currentExpected) ** 2 / currentExpected;
  }
  const dof = kept.length - 1;
  const [first] = kept;
  const exact = dof === 1 && first !== undefined && kept.some(isRare);
  const pValue = exact ? fisherExact(first.reference, n, first.current, m) : chiSquareSurvival(value, dof);
  return { value, dof, pValue };
}

interface Cell {
  readonly reference: number;
  readonly current: number;
}

const rows = (cell: Cell): number => cell.reference + cell.current;

function pool(cells: readonly Cell[], isRare: (cell: Cell) => boolean): Cell[] {
  // If every category is rare, as in a column of identifiers, there are no shares to compare.
  if (cells.length > 2 && cells.every(isRare)) return [];
  const [rarest, ...others] = [...cells].sort((a, b) => rows(a) - rows(b));
  if (rarest === undefined) return [];
  let pooled = rarest;
  let next = 0;
  // Rare categories join the pool, and so do others until the pool itself is no longer rare. The most common category
  // never joins, so that there is something to compare the pool with.
  for (; next < others.length - 1; next++) {
    const cell = others[next] as Cell;
    if (!isRare(pooled) && !isRare(cell)) break;
    pooled = { reference: pooled.reference + cell.reference, current: pooled.current + cell.current };
  }
  return [pooled, ...others.slice(next)];
}
