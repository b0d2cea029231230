// McNemar's test: whether two classifiers with a threshold make errors equally often.
import { chiSquareSurvival, logBinomial } from '../../data/math/special-functions.ts';
import { clusterBound } from '../../data/math/class-clusters.ts';

/** Rows that exactly one of two classifiers gets right, and the p-values of their split. */
export interface McNemar {
  /** Rows that only the first gets right. */
  readonly onlyFirst: number;
  /** Rows that only the second gets right. */
  readonly onlySecond: number;
  /** Two-sided exact p-value; 1 if the classifiers agree on every row. */
  readonly exact: number;
  /** Two-sided mid-p value: less conservative than the exact one. */
  readonly midP: number;
  /** p-value of χ² = (b − c)² / (b + c) with one degree of freedom. */
  readonly chiSquare: number;
}

/**
 * Tests b rows that only the first classifier gets right against c rows that only the second gets right. Rows are treated
 * as independent, so the p-values are too small if clusters have several rows.
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

/** The threshold of each model: it predicts positive if the score is at least this. */
export interface Thresholds {
  readonly champion: number;
  readonly candidate: number;
}

/** How often exactly one of the two models is right at its threshold; `first` is the champion. Plain JSON. */
export interface McNemarAtThreshold extends McNemar {
  /** The threshold of each model. */
  readonly cuts: Thresholds;
  /** Share of rows that each model gets right, in [0, 1]. */
  readonly accuracy: Thresholds;
  /** p-value that allows for dependent rows within a cluster; equal to `chiSquare` if each cluster has one row. 1 if they agree on every row. */
  readonly clustered: number;
}

/** Labelled rows with the scores of both models and their thresholds. */
interface McNemarInput {
  /** 0 or 1 per row; at least one row. */
  readonly labels: ArrayLike<number>;
  readonly clusters: ArrayLike<number>;
  readonly championScores: Float64Array;
  readonly candidateScores: Float64Array;
  readonly cuts: Thresholds;
}

/**
 * Counts the rows that exactly one model gets right, and tests whether the counts differ.
 *
 * Formula of `clustered`: χ² = (Σ d_k)² / Σ d_k² with one degree of freedom, where d_k = (c_k − b_k) / n_k is the difference
 * of the shares of rows in cluster k that only one model gets right (Durkalski et al., Statistics in Medicine 22, 2003).
 *
 * @example mcnemarAtThreshold({ labels, clusters, championScores, candidateScores, cuts: { champion: 0.5, candidate: 0.5 } })
 */
export function mcnemarAtThreshold({
  labels,
  clusters,
  championScores,
  candidateScores,
  cuts,
}: McNemarInput): McNemarAtThreshold {
  const bound = clusterBound(clusters);
  const lead = new Float64Array(bound);
  const size = new Uint32Array(bound);
  let [onlyChampion, onlyCandidate, both] = [0, 0, 0];
  for (let row = 0; row < labels.length; row += 1) {
    const positive = labels[row] === 1;
    const champion = championScores[row]! >= cuts.champion === positive;
    const candidate = candidateScores[row]! >= cuts.candidate === positive;
    size[clusters[row]!]! += 1;
    if (champion && candidate) both += 1;
    if (champion === candidate) continue;
    if (champion) onlyChampion += 1;
    else onlyCandidate += 1;
    lead[clusters[row]!]! += candidate ? 1 : -1;
  }
  let [sum, squares] = [0, 0];
  for (let cluster = 0; cluster < bound; cluster += 1) {
    if (lead[cluster] === 0) continue;
    const share = lead[cluster]! / size[cluster]!;
    sum += share;
    squares += share * share;
  }
  return {
    ...mcnemar(onlyChampion, onlyCandidate),
    cuts,
    accuracy: {
      champion: (both + onlyChampion) / labels.length,
      candidate: (both + onlyCandidate) / labels.length,
    },
    clustered: squares === 0 ? 1 : chiSquareSurvival((sum * sum) / squares, 1),
  };
}
