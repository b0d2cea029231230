// Fisher's exact test: compares two shares of too few rows for a large-sample test.
import { logBinomial } from './special-functions.ts';

/**
 * Returns the exact two-sided p-value of the hypothesis that `hitsA` of `sizeA` and `hitsB` of `sizeB` have the same
 * underlying share; in (0, 1].
 *
 * Formula: the sum of the hypergeometric probabilities of all tables with the same margins that are at most as probable as
 * the observed table.
 * Source: Fisher 1935; the two-sided rule of R and scipy.
 *
 * @example fisherExact(8, 10, 4, 10); // 0.1698
 */
export function fisherExact(hitsA: number, sizeA: number, hitsB: number, sizeB: number): number {
  const hits = hitsA + hitsB;
  const all = logBinomial(sizeA + sizeB, hits);
  const logProbability = (a: number): number => logBinomial(sizeA, a) + logBinomial(sizeB, hits - a) - all;
  // Tolerance for tables that are equally likely in theory but differ in their last bits.
  const seen = logProbability(hitsA) + 1e-7;
  let sum = 0;
  for (let a = Math.max(0, hits - sizeB); a <= Math.min(sizeA, hits); a++) {
    const probability = logProbability(a);
    if (probability <= seen) sum += Math.exp(probability);
  }
  return Math.min(1, sum);
}
