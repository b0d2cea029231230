// McNemar's test between two models that decide at a cut, for rows in clusters.
import { chiSquareSurvival } from '../drift/distributions/chi-square.ts';
import { clusterBound } from './class-clusters.ts';
import { type McNemar, mcnemar } from './mcnemar.ts';

/** Where each model decides: positive from this score on. */
export interface Cuts {
  readonly champion: number;
  readonly candidate: number;
}

/** How often exactly one of the two is right at its cut; `first` is the champion. Plain JSON. */
export interface McNemarAtCut extends McNemar {
  readonly cuts: Cuts;
  /** Share of rows that each gets right, in [0, 1]. */
  readonly accuracy: Cuts;
  /** p-value that allows for rows of one cluster; with one row each it is `chiSquare`. 1 where nothing tells them apart. */
  readonly clustered: number;
}

/** What the two are compared on. */
export interface McNemarInput {
  /** 0 or 1 per row; at least one row. */
  readonly labels: ArrayLike<number>;
  readonly clusters: ArrayLike<number>;
  readonly championScores: Float64Array;
  readonly candidateScores: Float64Array;
  readonly cuts: Cuts;
}

/**
 * Counts the rows that exactly one model gets right.
 *
 * Formula of `clustered`: χ² = (Σ d_k)² / Σ d_k² with one degree of freedom, d_k = (c_k − b_k) / n_k the difference of the
 * shares that each model alone gets right in cluster k (Durkalski et al., Statistics in Medicine 22, 2003).
 *
 * @example mcnemarAtCut({ labels, clusters, championScores, candidateScores, cuts: { champion: 0.5, candidate: 0.5 } })
 */
export function mcnemarAtCut({
  labels,
  clusters,
  championScores,
  candidateScores,
  cuts,
}: McNemarInput): McNemarAtCut {
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
