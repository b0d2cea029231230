// McNemar's test: whether two classifiers that decide at a cut err equally often.
import { chiSquareSurvival } from '../drift/distributions/chi-square.ts';
import { logBinomial } from '../drift/distributions/log-gamma.ts';

/** Rows that exactly one of two classifiers gets right, and how surprising their split is. */
export interface McNemar {
  /** Right by the first alone. */
  readonly onlyFirst: number;
  /** Right by the second alone. */
  readonly onlySecond: number;
  /** Two-sided exact p-value; 1 where no row tells them apart. */
  readonly exact: number;
  /** Two-sided mid-p value: less conservative than the exact one. */
  readonly midP: number;
  /** p-value of χ² = (b − c)² / (b + c) with one degree of freedom. */
  readonly chiSquare: number;
}

/**
 * Tests b rows that only the first classifier gets right against c that only the second does. It treats rows as
 * independent: with several rows per cluster the p-values are too small.
 *
 * Formula: binomial with b + c trials of probability ½; mid-p counts the outcome itself half (Fagerland, Lydersen and
 * Laake, BMC Medical Research Methodology 13, 2013).
 *
 * @example mcnemar(5, 15).exact // 0.0414
 */
export function mcnemar(onlyFirst: number, onlySecond: number): McNemar {
  const trials = onlyFirst + onlySecond;
  if (trials === 0) return { onlyFirst, onlySecond, exact: 1, midP: 1, chiSquare: 1 };
  const fewer = Math.min(onlyFirst, onlySecond);
  let tail = 0;
  for (let hits = 0; hits <= fewer; hits += 1) tail += halfBinomial(trials, hits);
  const exact = Math.min(1, 2 * tail);
  const atFewer = halfBinomial(trials, fewer);
  return {
    onlyFirst,
    onlySecond,
    exact,
    midP: onlyFirst === onlySecond ? 1 - atFewer / 2 : Math.min(1, 2 * tail - atFewer),
    chiSquare: chiSquareSurvival((onlyFirst - onlySecond) ** 2 / trials, 1),
  };
}

/** Probability of `hits` in `trials` with probability ½. */
const halfBinomial = (trials: number, hits: number): number =>
  Math.exp(logBinomial(trials, hits) - trials * Math.LN2);
