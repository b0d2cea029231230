// The finite-n distribution of the two-sided Kolmogorov statistic.
import { logGamma } from './log-gamma.ts';
import { kolmogorovByMatrix } from './kolmogorov-matrix.ts';
import { kolmogorovByPelzGood } from './kolmogorov-pelz-good.ts';
import { smirnovSurvival } from './smirnov.ts';

// Simard and L'Ecuyer's bounds, in n·d².
const SURVIVAL_IS_ZERO = 370;
const SURVIVAL_IS_ONE = 0.045;

/**
 * P(Dn ≥ d) of the one-sample two-sided Kolmogorov statistic with n ≥ 1 values; to 1e-6 of its size or better.
 *
 * The method is chosen by n and n·d²: closed forms at both ends, Durbin's matrix for small n or d, twice the one-sided
 * tail where the two sides hardly overlap, else Pelz and Good's expansion. Pomeranz's recursion, which the source
 * uses for speed at n ≤ 140, is left out: the matrix answers there within a millisecond.
 *
 * Source: Simard and L'Ecuyer 2011, Computing the two-sided Kolmogorov-Smirnov distribution; scipy `kstwo.sf`.
 *
 * @example kolmogorovSurvival(1000, 0.05); // 0.0130121
 */
export function kolmogorovSurvival(n: number, d: number): number {
  const t = n * d;
  const size = t * d;
  if (d >= 1 || size >= SURVIVAL_IS_ZERO) return 0;
  if (t <= 0.5) return 1;
  if (t <= 1) return 1 - Math.exp(logGamma(n + 1) + n * Math.log((2 * t - 1) / n));
  if (t >= n - 1) return 2 * (1 - d) ** n;
  if (d >= 0.5 || size >= (n <= 140 ? 4 : 2.2)) return Math.min(1, 2 * smirnovSurvival(n, d));
  // The other tail is below 1e-10 here.
  if (size < SURVIVAL_IS_ONE) return 1;
  const byMatrix = n <= 140 || n * d ** 1.5 <= 1.4;
  const distribution = byMatrix ? kolmogorovByMatrix(n, d) : kolmogorovByPelzGood(n, d);
  return Math.min(1, Math.max(0, 1 - distribution));
}
