// The standard normal distribution.
import { upperGamma } from './regularised-gamma.ts';

/** The two-sided 95 % point of the standard normal distribution. */
export const NORMAL_95 = 1.959963984540054;

/**
 * P(Z > z) of the standard normal distribution, exact to 1e-12 of its size down to 1e-300.
 *
 * Formula: Q(½, z²/2) / 2 for z ≥ 0, mirrored below.
 *
 * @example normalSurvival(1.96); // 0.0249979
 */
export function normalSurvival(z: number): number {
  const tail = upperGamma(0.5, (z * z) / 2) / 2;
  return z >= 0 ? tail : 1 - tail;
}
