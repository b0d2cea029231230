// The chi-square distribution.
import { upperGamma } from './regularised-gamma.ts';

/**
 * P(X > x) of the chi-square distribution with `dof` > 0 degrees of freedom.
 *
 * Formula: Q(dof/2, x/2).
 *
 * @example chiSquareSurvival(3.841458820694124, 1); // 0.05
 */
export const chiSquareSurvival = (x: number, dof: number): number => upperGamma(dof / 2, x / 2);

/**
 * The x with P(X > x) = `tail` (0 < tail < 1), to 1e-12 of its size.
 *
 * @example chiSquareCritical(0.05, 9); // 16.919
 */
export function chiSquareCritical(tail: number, dof: number): number {
  let low = 0;
  let high = dof + 1;
  while (chiSquareSurvival(high, dof) > tail) high *= 2;
  while (high - low > 1e-12 * high) {
    const middle = (low + high) / 2;
    if (chiSquareSurvival(middle, dof) > tail) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
