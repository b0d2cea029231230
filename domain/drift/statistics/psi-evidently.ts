// The population stability index as Evidently bins it: both samples together.
import { type Statistic } from './statistic.ts';

/**
 * PSI on bins of both samples, for parity with Evidently 0.7 only.
 *
 * Columns: any. Direction: drift when at least 0.1; from 0 (equal) upwards.
 * Formula: Σ (e − a) · ln(e / a), e the reference's share and a the current one. Numbers of more than 20 distinct
 * reference values are cut into ⌈log₂(n + m) + 1⌉ equal widths over both samples (Sturges), others into one bin per
 * value. A share of 0 becomes 0.0001, or a millionth of the smallest other share where that is at most 0.0001. A single
 * far value stretches the bins until nothing is seen: N(0,1) against N(1,1) reads 1.02, and 0.00007 with a 1e6 among
 * them. `psi` cuts at the reference's deciles.
 * Source: Evidently 0.7, `psi`; numpy `histogram_bin_edges(bins='sturges')`.
 *
 * @example psiEvidentlyOfCounts([50, 30, 20, 0], [40, 30, 25, 5]); // 0.3436
 */
export const psiEvidently = {
  name: 'psi_evidently',
  columns: 'any',
  judges: 'value',
  driftWhen: 'at least',
  threshold: 0.1,
} as const satisfies Statistic;

const MIN_SHARE = 0.0001;

/** The index of counts in the same bins, at least one row on each side. */
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
  const least = shares.reduce((low, share) => (share > 0 && share < low ? share : low), Infinity);
  const instead = least <= MIN_SHARE ? least / 1e6 : MIN_SHARE;
  return shares.map((share) => (share === 0 ? instead : share));
}

/**
 * Edges of the bins of numbers: equal widths over both samples, neither of them empty, all values finite; at most as
 * many as numpy gives. Null where the range exceeds every number.
 *
 * @param options.integers whether both are whole numbers to numpy, whose bins are then at least 1 wide. @default false
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

/** Rows of a sample between ascending edges; the last bin holds its upper edge, as numpy's `histogram` has it. */
export function histogram(edges: Float64Array, values: Float64Array): Float64Array {
  const counts = new Float64Array(edges.length - 1);
  for (const value of values) {
    let low = 0;
    let high = counts.length;
    // The number of edges but the first at or below the value.
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((edges[middle + 1] as number) <= value) low = middle + 1;
      else high = middle;
    }
    counts[Math.min(low, counts.length - 1)]!++;
  }
  return counts;
}
