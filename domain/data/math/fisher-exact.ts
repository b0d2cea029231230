// Fisher's exact test, for two shares too rare for a large-sample test.
import { logBinomial } from './special-functions.ts';

/**
 * Two-sided exact p-value that `hitsA` of `sizeA` and `hitsB` of `sizeB` come from one share; in (0, 1].
 *
 * Formula: the sum of all hypergeometric probabilities with the same margins that are no greater than that of the
 * table seen.
 * Source: Fisher 1935; the two-sided rule of R and scipy.
 *
 * @example fisherExact(8, 10, 4, 10); // 0.1698
 */
export function fisherExact(hitsA: number, sizeA: number, hitsB: number, sizeB: number): number {
  const hits = hitsA + hitsB;
  const all = logBinomial(sizeA + sizeB, hits);
  const logProbability = (a: number): number => logBinomial(sizeA, a) + logBinomial(sizeB, hits - a) - all;
  // Tables equally likely in theory may differ in their last bits.
  const seen = logProbability(hitsA) + 1e-7;
  let sum = 0;
  for (let a = Math.max(0, hits - sizeB); a <= Math.min(sizeA, hits); a++) {
    const probability = logProbability(a);
    if (probability <= seen) sum += Math.exp(probability);
  }
  return Math.min(1, sum);
}
