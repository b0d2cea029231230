// Wilson's interval of a share.
import { NORMAL_95 } from './distributions/normal.ts';
import type { Share } from './two-proportion-z.ts';

/**
 * Lower end of the two-sided 95 % Wilson interval of a share; in [0, 1].
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
