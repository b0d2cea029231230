// The two-sample Kolmogorov-Smirnov statistic, on samples and on bins.
import { ksPValue } from '../../data/math/kolmogorov-two-sample.ts';
import { nextUp, sortedValues, total } from '../../data/math/total.ts';
import { type Statistic } from './statistic.ts';

/**
 * Kolmogorov-Smirnov test.
 *
 * Columns: numeric. Direction: drift when p < 0.05; D itself lies in [0, 1], and larger is further apart.
 * Formula: D = sup |F_reference − F_current|, both right-continuous over the pooled values, so that ties count once;
 * p as in scipy's `ks_2samp(method='auto')`, conservative if there are ties.
 * Source: Smirnov 1948; Hodges 1958.
 *
 * @example ksTest(Float64Array.of(1, 2, 3), Float64Array.of(4, 5, 6)); // { d: 1, pValue: 0.1 }
 */
export const ks = {
  name: 'ks',
  columns: 'numeric',
  compares: 'p-value',
  driftWhen: 'below',
  threshold: 0.05,
} as const satisfies Statistic;

/** Returns D and its p-value, or null if a sample has no values. Missing values (NaN) are left out. */
export function ksTest(
  reference: Float64Array,
  current: Float64Array,
): { readonly d: number; readonly pValue: number } | null {
  const a = sortedValues(reference);
  const b = sortedValues(current);
  if (a.length === 0 || b.length === 0) return null;
  let d = 0;
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    const x = Math.min(a[i] as number, b[j] as number);
    while (i < a.length && (a[i] as number) <= x) i++;
    while (j < b.length && (b[j] as number) <= x) j++;
    d = Math.max(d, Math.abs(i / a.length - j / b.length));
  }
  return { d, pValue: ksPValue(d, a.length, b.length) };
}

/** Bounds of a number known only through bins. */
export interface Bracket {
  readonly lower: number;
  readonly upper: number;
}

/**
 * Returns bounds of D from counts in the bins (−∞, edge₀), [edge₀, edge₁), …, [edgeₖ, ∞]. The reference and the window
 * must each have at least one value.
 *
 * D is exact at the edges. Inside a bin it can be larger by at most the smaller of the two shares there, and not at all
 * if the reference or the window has no values there, or if the bin contains a single value. So lower = upper if every
 * distinct value of the reference has a bin of its own.
 *
 * @example ksBracket(Float64Array.of(1), Float64Array.of(2, 2), Float64Array.of(0, 4)); // { lower: 0.5, upper: 1 }
 */
export function ksBracket(edges: Float64Array, reference: Float64Array, current: Float64Array): Bracket {
  const n = total(reference);
  const m = total(current);
  let lower = 0;
  let upper = 0;
  let before = 0;
  let currentBefore = 0;
  for (let bin = 0; bin < reference.length; bin++) {
    const after = before + (reference[bin] as number);
    const currentAfter = currentBefore + (current[bin] as number);
    lower = Math.max(lower, Math.abs(after / n - currentAfter / m));
    const bothInside = after > before && currentAfter > currentBefore;
    if (bothInside && !isSingleValue(edges, bin)) {
      upper = Math.max(upper, after / n - currentBefore / m, currentAfter / m - before / n);
    }
    before = after;
    currentBefore = currentAfter;
  }
  return { lower, upper: Math.max(lower, upper) };
}

const isSingleValue = (edges: Float64Array, bin: number): boolean =>
  bin === edges.length
    ? edges[bin - 1] === Infinity
    : bin > 0 && edges[bin] === nextUp(edges[bin - 1] as number);
