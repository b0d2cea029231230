// The input terms of the domain classifier: each column in outlier-resistant units, and products of two columns.
import { byCodeUnits } from '../../canonical-json.ts';
import { Random } from '../../random.ts';
import { type PooledColumn, type PooledRows } from './pooled-rows.ts';

/** One input value per row, with mean 0 and standard deviation 1 over the rows of reference and window together. */
export interface Term {
  readonly values: Float64Array;
  /** Positions of the columns from which the term is computed: one column, or two for a product. */
  readonly columns: readonly number[];
}

/** The terms of pooled rows. */
export interface Terms {
  /** Terms of a single column. */
  readonly single: readonly Term[];
  /** Pairs of single terms of different columns, whose products may be used. */
  readonly pairs: readonly (readonly [Term, Term])[];
}

const MAX_SINGLE = 120;
const MAX_PAIRS = 5_000;
const MAX_LEVELS = 10;
/** An indicator needs at least this many rows with value 1 and as many with value 0. */
const MIN_ROWS = 10;

/**
 * Builds the terms of pooled rows. A number gives two terms: its rank over the rows of reference and window together,
 * averaged over nearby values so that neither outliers nor changes in the last digits matter, and the square of that
 * rank. A category gives one indicator for each of its ten most common values. Missing values of either kind give an
 * indicator too. Products of terms of two columns show changes that no single column shows.
 *
 * @param seed decides which terms are drawn if there are more than 120 single ones or 5,000 products
 */
export function termsOf({ columns, labels }: PooledRows, seed: number): Terms {
  const linear: Term[] = [];
  const squares: Term[] = [];
  columns.forEach((column, position) => {
    const values = column.kind === 'numeric' ? numberTerms(column) : levelTerms(column);
    linear.push(...values.flatMap((own) => standardised(own, [position]) ?? []));
    if (column.kind !== 'numeric') return;
    const ranks = values[0]!;
    const square = standardised(timesEach(ranks, ranks), [position]);
    if (square) squares.push(square);
  });
  const kept = draw(linear, MAX_SINGLE, new Random(seed, labels.length, 0));
  const pairs = kept.flatMap((a, at) =>
    kept.slice(at + 1).flatMap((b) => (a.columns[0] === b.columns[0] ? [] : [[a, b] as const])),
  );
  return {
    single: [...kept, ...squares.slice(0, Math.max(0, MAX_SINGLE - kept.length))],
    pairs: draw(pairs, MAX_PAIRS, new Random(seed, labels.length, 1)),
  };
}

/** Returns the product of two terms as a term; undefined if it is constant. */
export function productOf([a, b]: readonly [Term, Term]): Term | undefined {
  return standardised(timesEach(a.values, b.values), [...a.columns, ...b.columns]);
}

function timesEach(a: Float64Array, b: Float64Array): Float64Array {
  const products = new Float64Array(a.length);
  for (let row = 0; row < a.length; row += 1) products[row] = a[row]! * b[row]!;
  return products;
}

/** Returns the ranks of a numeric column and the indicator of its missing values. */
function numberTerms({ values }: Extract<PooledColumn, { kind: 'numeric' }>): Float64Array[] {
  return [ranksOf(values), indicatorOf(values.length, (row) => Number.isNaN(values[row]))];
}

/**
 * Returns the ranks of the present values on (−1, 1), each averaged over the values within a distance of it; 0 for a
 * missing value.
 *
 * Formula: 2 · F(x) − 1, F the distribution function of reference and window together, averaged from x − d to x + d.
 * For d → 0 that is the midrank. With d at a quarter of the standard deviation, small changes such as float32 precision
 * or rounding to cents hardly move a rank, although they separate values that were equal.
 */
function ranksOf(values: Float64Array): Float64Array {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  const finite = sorted.filter(Number.isFinite);
  const distance = blurOf(finite);
  // Distances from the median in units of d, clamped so that ±1e308 and infinities can be added up.
  const middle = quantile(finite, 0.5);
  const units = sorted.map((value) => inUnits(value, middle, distance));
  // All values are nearly equal: standardising would blow up differences that do not matter.
  if ((units.at(-1) ?? 0) - (units[0] ?? 0) < 1) return new Float64Array(values.length);
  const sums = new Float64Array(units.length + 1);
  units.forEach((unit, at) => (sums[at + 1] = (sums[at] as number) + unit));
  let first = 0;
  let end = 0;
  const ranks = new Map<number, number>();
  units.forEach((unit, at) => {
    while (first < at && (units[first] as number) <= unit - 1) first += 1;
    while (end < units.length && (units[end] as number) < unit + 1) end += 1;
    // A value inside (x − d, x + d) counts with the share of this interval that lies above it; values below the
    // interval count fully.
    const within = (end - first) * (unit + 1) - ((sums[end] as number) - (sums[first] as number));
    ranks.set((sorted[at] as number) + 0, (2 * first + within) / units.length - 1);
  });
  return values.map((value) => (Number.isNaN(value) ? 0 : (ranks.get(value + 0) ?? 0)));
}

/** Distance over which ranks are averaged, as a share of the standard deviation. */
const BLUR = 0.25;
/** Relative error with which single precision stores a number. */
const SINGLE_PRECISION = 2 ** -22;
const MIN_BLUR = 2 ** -1_000;
/** Distances are clamped to this many units, so that their sums stay exact enough. */
const MAX_UNITS = 2 ** 30;

/**
 * Returns the distance over which ranks are averaged: a quarter of the standard deviation, estimated from quantiles,
 * but at least the rounding error of single precision.
 */
function blurOf(finite: Float64Array): number {
  const width = (share: number, deviations: number): number =>
    (quantile(finite, 1 - share) / 2 - quantile(finite, share) / 2) * (2 / deviations);
  // For a normal distribution each of these is the standard deviation.
  const spread = width(0.1, 2.563) || width(0.01, 4.653) || width(0.001, 6.18);
  const largest = Math.max(Math.abs(quantile(finite, 0.005)), Math.abs(quantile(finite, 0.995)));
  return Math.max(BLUR * spread, SINGLE_PRECISION * largest, MIN_BLUR);
}

/** Returns the quantile of sorted values at a share; 0 if there are no values. */
const quantile = (sorted: Float64Array, share: number): number =>
  sorted[Math.round(share * (sorted.length - 1))] ?? 0;

function inUnits(value: number, middle: number, distance: number): number {
  // Halve both, because 1e308 − (−1e308) overflows.
  const units = (value / 2 - middle / 2) / (distance / 2);
  return Math.min(MAX_UNITS, Math.max(-MAX_UNITS, units));
}

function levelTerms({ values }: Extract<PooledColumn, { kind: 'category' }>): Float64Array[] {
  const counts = new Map<string, number>();
  for (const value of values) if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1);
  const levels = [...counts]
    .filter(([, count]) => count >= MIN_ROWS)
    .sort(([a, m], [b, n]) => n - m || byCodeUnits(a, b))
    .slice(0, MAX_LEVELS)
    .map(([level]) => level);
  return [...levels, null].map((level) => indicatorOf(values.length, (row) => values[row] === level));
}

/**
 * Returns 1 for rows that meet a condition and 0 for the others. If fewer than 10 rows meet it, or fewer than 10 do
 * not, returns 0 for all rows, so that there is no term.
 */
function indicatorOf(rows: number, isMet: (row: number) => boolean): Float64Array {
  const marks = new Float64Array(rows);
  let count = 0;
  for (let row = 0; row < rows; row += 1) {
    marks[row] = Number(isMet(row));
    count += marks[row] as number;
  }
  return count < MIN_ROWS || rows - count < MIN_ROWS ? marks.fill(0) : marks;
}

function standardised(values: Float64Array, columns: readonly number[]): Term | undefined {
  // Plain loops, because this runs for thousands of products and a function call per value took most of the time.
  let sum = 0;
  for (let row = 0; row < values.length; row += 1) sum += values[row]!;
  const mean = sum / values.length;
  let squares = 0;
  for (let row = 0; row < values.length; row += 1) squares += (values[row]! - mean) ** 2;
  const spread = Math.sqrt(squares / values.length);
  if (!(spread > 1e-9)) return undefined;
  const units = new Float64Array(values.length);
  for (let row = 0; row < values.length; row += 1) units[row] = (values[row]! - mean) / spread;
  return { values: units, columns };
}

/** Draws at most `limit` items without replacement, keeping their order. */
function draw<T>(items: readonly T[], limit: number, random: Random): T[] {
  if (items.length <= limit) return [...items];
  const left = items.map((_, index) => index);
  const chosen: number[] = [];
  while (chosen.length < limit) {
    const at = random.below(left.length);
    chosen.push(left[at] as number);
    left[at] = left[left.length - 1] as number;
    left.pop();
  }
  return chosen.sort((a, b) => a - b).map((index) => items[index] as T);
}

/** A pair of terms whose product may distinguish the window from the reference. */
type Pair = readonly [Term, Term];

/** Maximum number of products that a fold uses. */
const MAX_PRODUCTS = 40;

/**
 * Chooses for each fold the pairs whose products differ most between reference and window, measured on the rows of all
 * other folds, so that no row is scored by terms that it helped to choose.
 *
 * @returns one list per fold, the most different pair first
 */
export function chooseProducts(
  pairs: readonly Pair[],
  labels: Uint8Array,
  folds: Uint8Array,
  foldCount: number,
): Pair[][] {
  const counts = new Float64Array(2 * foldCount);
  for (let row = 0; row < labels.length; row += 1) counts[cellOf(labels, folds, row)]!++;
  const differences = pairs.map((pair) => differencesOf(pair, labels, folds, counts));
  return Array.from({ length: foldCount }, (_, fold) =>
    pairs
      .map((pair, at) => ({ pair, difference: differences[at]?.[fold] ?? 0 }))
      .sort((a, b) => b.difference - a.difference)
      .slice(0, MAX_PRODUCTS)
      .map(({ pair }) => pair),
  );
}

const cellOf = (labels: Uint8Array, folds: Uint8Array, row: number): number =>
  2 * (folds[row] as number) + (labels[row] as number);

/**
 * Returns, for each fold, the difference between the means of the reference and of the window, over the rows outside
 * the fold and in standard deviations of the product.
 */
function differencesOf(
  [a, b]: Pair,
  labels: Uint8Array,
  folds: Uint8Array,
  counts: Float64Array,
): Float64Array {
  const sums = new Float64Array(counts.length);
  let squares = 0;
  for (let row = 0; row < labels.length; row += 1) {
    const product = (a.values[row] as number) * (b.values[row] as number);
    sums[cellOf(labels, folds, row)]! += product;
    squares += product * product;
  }
  const spread = Math.sqrt(squares / labels.length);
  return Float64Array.from({ length: counts.length / 2 }, (_, fold) => {
    const meanOf = (side: number): number => {
      let sum = 0;
      let count = 0;
      for (let cell = side; cell < counts.length; cell += 2) {
        if (cell >> 1 === fold) continue;
        sum += sums[cell] as number;
        count += counts[cell] as number;
      }
      return count > 0 ? sum / count : 0;
    };
    return spread > 0 ? Math.abs(meanOf(1) - meanOf(0)) / spread : 0;
  });
}
