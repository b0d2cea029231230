// The p-value of the two-sample Kolmogorov-Smirnov statistic.
import { kolmogorovSurvival } from './kolmogorov.ts';
import { shareLeavingBand } from './lattice-paths.ts';

/** The p-value is exact up to this size of the larger sample. */
const EXACT_UP_TO = 10_000;

/** Counting paths with fewer additions than this takes no noticeable time. */
const QUICKLY_COUNTED = 100_000;

/**
 * Returns P(D ≥ d) for samples of `n` and `m` ≥ 1 values from the same continuous distribution; in [0, 1].
 *
 * If max(n, m) ≤ 10,000, it is exact, by counting lattice paths with d rounded to a multiple of 1/lcm(n, m). For larger
 * samples it uses the finite-n Kolmogorov distribution at round(nm / (n + m)). The exact test assumes that there are no
 * ties; with ties it is conservative: the result is at least the true p-value.
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
  const p =
    n === m ? outsideSquare(n, steps) : shareLeavingBand(Math.max(n, m), Math.min(n, m), divisor, steps);
  return Math.min(1, p);
}

/**
 * Returns P(D ≥ d) for a `d` just above another distance whose p-value is known; the result is at most the known
 * p-value. Exact if the paths can be counted quickly. Otherwise the known p-value is multiplied by the ratio of the
 * finite-n distribution at both points. If the points are 0.0007 apart, the error is below 1 %.
 *
 * @example ksPValueNear(0.0205, { d: 0.02, pValue: 0.1182 }, 7_043, 7_000); // 0.1034
 */
export function ksPValueNear(
  d: number,
  known: { readonly d: number; readonly pValue: number },
  n: number,
  m: number,
): number {
  if (d === known.d) return known.pValue;
  if (Math.max(n, m) > EXACT_UP_TO || d * n * m < QUICKLY_COUNTED) return ksPValue(d, n, m);
  const size = roundHalfEven((n * m) / (n + m));
  const from = kolmogorovSurvival(size, known.d);
  return from === 0 ? 0 : known.pValue * Math.min(1, kolmogorovSurvival(size, d) / from);
}

/**
 * Returns the 95 % quantile of D if the distribution has not changed, by the large-sample formula 1.358 · √(1/n + 1/m);
 * at most 1.
 *
 * @example ksNoiseFloor(5_000, 50); // 0.193
 */
export const ksNoiseFloor = (n: number, m: number): number =>
  Math.min(1, Math.sqrt((-Math.log(0.05 / 2) / 2) * (1 / n + 1 / m)));

// Wei and Dudley 2012: p ≤ e·exp(−2d²nm/(n+m)) for all sizes. Avoids counting paths when the result underflows to zero.
const isBelowSmallestNumber = (d: number, n: number, m: number): boolean =>
  1 - 2 * d * d * ((n * m) / (n + m)) < Math.log(Number.MIN_VALUE);

/** Returns the share of paths that leave the band of half-width h in an n × n square, by reflection and Horner's scheme. */
function outsideSquare(n: number, h: number): number {
  let p = 0;
  for (let k = Math.floor(n / h); k >= 0; k--) {
    let factor = 1;
    for (let j = 0; j < h; j++) factor = ((n - k * h - j) * factor) / (n + k * h + j + 1);
    p = factor * (1 - p);
  }
  return 2 * p;
}

function greatestCommonDivisor(a: number, b: number): number {
  while (b > 0) [a, b] = [b, a % b];
  return a;
}

// Rounds halves to even as numpy does: 5000.5 becomes 5000.
function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}
