// The pooled two-proportion z test.
import { NORMAL_95, normalSurvival } from '../../data/math/special-functions.ts';
import { type Statistic } from './statistic.ts';
import { type Share } from '../../data/profile/feature-reference.ts';

/**
 * Pooled z test of two shares.
 *
 * Columns: two values. Direction: drift when the two-sided p < 0.05; z > 0 if the current share is larger.
 * Formula: z = (p₂ − p₁) / √(p(1 − p)(1/n₁ + 1/n₂)), p the pooled share. If that is 0 or 1, z = 0 with p-value 1.
 * Source: any textbook; z² is the chi-square of the 2 × 2 table.
 *
 * @example twoProportionZ({ hits: 60, size: 100 }, { hits: 45, size: 100 }); // { z: -2.124, pValue: 0.0337 }
 */
export const z = {
  name: 'z',
  columns: 'two values',
  compares: 'p-value',
  driftWhen: 'below',
  threshold: 0.05,
} as const satisfies Statistic;

/** Returns z and its two-sided p-value. */
export function twoProportionZ(
  reference: Share,
  current: Share,
): { readonly z: number; readonly pValue: number } {
  const pooled = (reference.hits + current.hits) / (reference.size + current.size);
  if (pooled === 0 || pooled === 1) return { z: 0, pValue: 1 };
  const difference = current.hits / current.size - reference.hits / reference.size;
  const score = difference / Math.sqrt(pooled * (1 - pooled) * (1 / reference.size + 1 / current.size));
  return { z: score, pValue: 2 * normalSurvival(Math.abs(score)) };
}

/**
 * Returns the lower end of the two-sided 95 % Wilson interval of a share; in [0, 1].
 *
 * Formula: (p + z²/2n − z√(p(1 − p)/n + z²/4n²)) / (1 + z²/n).
 * Source: Wilson 1927.
 *
 * @example wilsonLower({ hits: 5, size: 100 }); // 0.0215
 */
export function wilsonLower({ hits, size }: Share): number {
  if (hits === 0) return 0;
  const share = hits / size;
  const z2 = NORMAL_95 * NORMAL_95;
  const root = NORMAL_95 * Math.sqrt((share * (1 - share)) / size + z2 / (4 * size * size));
  return (share + z2 / (2 * size) - root) / (1 + z2 / size);
}
