// The population stability index as Evidently computes it, with bins over both samples together.
import { type Statistic } from './statistic.ts';

/**
 * PSI on bins of both samples, for parity with Evidently 0.7 only.
 *
 * Columns: any. Direction: drift when at least 0.1; from 0 (equal) upwards.
 * Formula: Σ (e − a) · ln(e / a), e the reference's share and a the current one. Numbers with more than 20 distinct
 * reference values get ⌈log₂(n + m) + 1⌉ bins of equal width over both samples (Sturges), others one bin per value. A
 * share of 0 becomes 0.0001, or a millionth of the smallest other share if that is at most 0.0001. One outlier makes
 * the bins so wide that they hide any change: N(0,1) against N(1,1) gives 1.02, but 0.00007 with a single 1e6 among
 * the values. `psi` uses the reference's deciles instead.
 * Source: Evidently 0.7, `psi`; numpy `histogram_bin_edges(bins='sturges')`.
 *
 * @example psiEvidentlyOfCounts([50, 30, 20, 0], [40, 30, 25, 5]); // 0.3436
 */
export const psiEvidently = {
  name: 'psi_evidently',
  columns: 'any',
  compares: 'value',
  driftWhen: 'at least',
  threshold: 0.1,
} as const satisfies Statistic;

const MIN_SHARE = 0.0001;

/** Returns the index for counts in the same bins; each side must have at least one row. */
export function psiEvidentlyOfCounts(reference: ArrayLike<number>, current: ArrayLike<number>): number {
  const expected = sharesWithoutZero(reference);
  const actual = sharesWithoutZero(current);
  return expected.reduce((sum, share, bin) => {
    const other = actual[bin] as number;
    return sum + (share - other) * Math.log(share / other);
  }, 0);
}

function sharesWithoutZero(counts: ArrayLike<number>): number[] {
  const rows = Array.from(counts).reduce((sum, count) => sum + count, 0);
  const shares = Array.from(counts, (count) => count / rows);
  const smallest = shares.reduce((low, share) => (share > 0 && share < low ? share : low), Infinity);
  const instead = smallest <= MIN_SHARE ? smallest / 1e6 : MIN_SHARE;
  return shares.map((share) => (share === 0 ? instead : share));
}

/**
 * Returns bin edges of equal width over both samples, at most as many as numpy makes. Neither sample may be empty, and
 * all values must be finite. Returns null if the range overflows.
 *
 * @param options.integers whether numpy holds both as integers; its bins are then at least 1 wide. @default false
 */
export function sturgesEdges(
  reference: Float64Array,
  current: Float64Array,
  { integers = false }: { readonly integers?: boolean } = {},
): Float64Array | null {
  let low = Infinity;
  let high = -Infinity;
  for (const values of [reference, current]) {
    for (const value of values) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  const range = high - low;
  if (!Number.isFinite(range)) return null;
  if (range === 0) return Float64Array.of(low - 0.5, high + 0.5);
  const width = range / (Math.log2(reference.length + current.length) + 1);
  const bins = Math.ceil(range / (integers ? Math.max(1, width) : width));
  const step = range / bins;
  return Float64Array.from({ length: bins + 1 }, (_, edge) => (edge === bins ? high : edge * step + low));
}

/** Counts a sample's rows between ascending edges; the last bin includes its upper edge, as in numpy's `histogram`. */
export function histogram(edges: Float64Array, values: Float64Array): Float64Array {
  const counts = new Float64Array(edges.length - 1);
  for (const value of values) {
    let low = 0;
    let high = counts.length;
    // Binary search: how many edges after the first are at or below the value.
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((edges[middle + 1] as number) <= value) low = middle + 1;
      else high = middle;
    }
    counts[Math.min(low, counts.length - 1)]!++;
  }
  return counts;
}
