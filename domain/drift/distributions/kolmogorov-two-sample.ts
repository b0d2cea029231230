// The p-value of the two-sample Kolmogorov-Smirnov statistic.
import { kolmogorovSurvival } from './kolmogorov.ts';

/** The larger sample size up to which the p-value is exact. */
const EXACT_UP_TO = 10_000;

/**
 * P(D ≥ d) for samples of `n` and `m` ≥ 1 values from one continuous distribution; in [0, 1].
 *
 * Exact (counting of lattice paths) where max(n, m) ≤ 10 000, d being rounded to a multiple of 1/lcm(n, m); above,
 * the finite-n Kolmogorov distribution at round(nm / (n + m)). The exact test assumes no ties; with ties it is
 * conservative, so that p is at least the true one.
 *
 * Source: scipy 1.17 `ks_2samp(method='auto')`; Hodges 1958 for the paths.
 *
 * @example ksPValue(0.5, 10, 8); // 0.1659582
 */
export function ksPValue(d: number, n: number, m: number): number {
  if (Math.max(n, m) > EXACT_UP_TO) return kolmogorovSurvival(roundHalfEven((n * m) / (n + m)), d);
  const divisor = greatestCommonDivisor(n, m);
  const steps = Math.round(d * (n / divisor) * m);
  if (steps === 0) return 1;
  if (isBelowSmallestNumber(d, n, m)) return 0;
  const p = n === m ? outsideSquare(n, steps) : outsideBand(Math.max(n, m), Math.min(n, m), divisor, steps);
  return Math.min(1, p);
}

/**
 * The 95 % point of D where nothing changed, by the large-sample formula: 1.358 · √(1/n + 1/m), at most 1.
 *
 * @example ksNoiseFloor(5_000, 50); // 0.193
 */
export const ksNoiseFloor = (n: number, m: number): number =>
  Math.min(1, Math.sqrt((-Math.log(0.05 / 2) / 2) * (1 / n + 1 / m)));

// Wei and Dudley 2012: p ≤ e·exp(−2d²nm/(n+m)) for all sizes. Saves counting paths for an answer of zero.
const isBelowSmallestNumber = (d: number, n: number, m: number): boolean =>
  1 - 2 * d * d * ((n * m) / (n + m)) < Math.log(Number.MIN_VALUE);

/** Share of paths that leave the band of half-width h around the diagonal of an n × n square (reflection, Horner). */
function outsideSquare(n: number, h: number): number {
  let p = 0;
  for (let k = Math.floor(n / h); k >= 0; k--) {
    let factor = 1;
    for (let j = 0; j < h; j++) factor = ((n - k * h - j) * factor) / (n + k * h + j + 1);
    p = factor * (1 - p);
  }
  return 2 * p;
}

/**
 * Share of lattice paths from (0, 0) to (m, n), m ≥ n, that reach |x·n − y·m| / g ≥ h.
 *
 * Column by column over a sliding window of the band; entries are shares, not counts, so nothing overflows, and
 * being sums of positive terms nothing cancels.
 */
function outsideBand(m: number, n: number, g: number, h: number): number {
  const stepX = n / g;
  const stepY = m / g;
  // 1/(i+j) from a table: a division on the critical path would cost three times as much.
  const inverse = new Float64Array(m + n + 1);
  for (let i = 1; i <= m + n; i++) inverse[i] = 1 / i;

  let first = 0;
  let end = Math.min(Math.ceil(h / stepY), n + 1);
  const shares = new Float64Array(Math.min(2 * end + 2, n + 1)).fill(1);
  shares.fill(0, first, end);
  for (let i = 1; i <= m; i++) {
    const before = first;
    const lengthBefore = end - first;
    first = Math.min(Math.max(Math.floor((stepX * i - h) / stepY) + 1, 0), n);
    end = Math.min(Math.ceil((stepX * i + h) / stepY), n + 1);
    if (end <= first) return 1;
    const shift = first - before;
    const length = end - first;
    let share = first === 0 ? 0 : 1;
    for (let k = 0; k < length; k++) {
      const j = k + first;
      const scale = inverse[i + j] as number;
      share = (shares[k + shift] as number) * (i * scale) + share * (j * scale);
      shares[k] = share;
    }
    // Cells that the window left behind lie outside the band.
    if (lengthBefore > length) shares.fill(1, length, lengthBefore);
  }
  return shares[end - first - 1] as number;
}

function greatestCommonDivisor(a: number, b: number): number {
  while (b > 0) [a, b] = [b, a % b];
  return a;
}

// As numpy rounds: 5000.5 becomes 5000.
function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}
