// DeLong's variance of AUCs on the same rows, for rows in clusters.
import { clusterBound, countClusters } from './class-clusters.ts';
import { type StructuralComponents, structuralComponents } from './structural-components.ts';

/** Rows that two models were scored on. */
export interface PairedScores {
  /** 0 or 1 per row. */
  readonly labels: ArrayLike<number>;
  /** A whole number from 0 per row; rows of one cluster share one. */
  readonly clusters: ArrayLike<number>;
  readonly first: Float64Array;
  readonly second: Float64Array;
}

/** How two AUCs on the same rows vary: variances, covariance, and the variance of second less first. */
export interface AucSpread {
  readonly first: number;
  readonly second: number;
  readonly covariance: number;
  readonly difference: number;
}

/** The AUCs of two models on the same rows and how they vary together. */
export interface PairedAuc {
  readonly first: number;
  readonly second: number;
  /** Null with fewer than two clusters of either class, where nothing is known of it. */
  readonly spread: AucSpread | null;
}

/** The AUC of one model; `variance` is null with fewer than two clusters of either class. */
export interface SingleAuc {
  readonly auc: number;
  readonly variance: number | null;
}

/**
 * Both AUCs with their clustered variances and covariance; null unless both classes are there. O(n log n).
 *
 * Formula (Obuchowski, Biometrics 53, 1997): with A_k = Σ over positives of cluster k of (V10 − AUC), B_k likewise over
 * its negatives with V01, m and n rows and I10, I01, I clusters (with a positive, with a negative, in all),
 * cov(r, s) = I10/(I10−1) Σ A_r A_s / m² + I01/(I01−1) Σ B_r B_s / n² + I/(I−1) Σ (A_r B_s + B_r A_s) / (m n).
 * With one row per cluster the cross term is 0 and this is DeLong, DeLong and Clarke-Pearson (1988).
 *
 * @example pairedDelong({ labels, clusters, first: championScores, second: candidateScores })
 */
export function pairedDelong({ labels, clusters, first, second }: PairedScores): PairedAuc | null {
  const a = structuralComponents(labels, first);
  const b = structuralComponents(labels, second);
  if (!a || !b) return null;
  const covariance = covarianceOf(labels, clusters);
  if (!covariance) return { first: a.auc, second: b.auc, spread: null };
  const [r, s] = [clusterSums(labels, clusters, a), clusterSums(labels, clusters, b)];
  const spread = {
    first: variance(covariance, r),
    second: variance(covariance, s),
    covariance: covariance(r, s),
    // Not from the three above: for models that hardly differ their combination is rounding.
    difference: variance(covariance, less(s, r)),
  };
  return { first: a.auc, second: b.auc, spread };
}

/** One model's AUC with its clustered variance; null unless both classes are there. @example singleDelong(labels, clusters, scores) */
export function singleDelong(
  labels: ArrayLike<number>,
  clusters: ArrayLike<number>,
  scores: Float64Array,
): SingleAuc | null {
  const components = structuralComponents(labels, scores);
  if (!components) return null;
  const covariance = covarianceOf(labels, clusters);
  const sums = clusterSums(labels, clusters, components);
  return { auc: components.auc, variance: covariance && variance(covariance, sums) };
}

/** Per cluster, how far its positive and its negative rows lie from the AUC, summed: A and B of the formula. */
interface ClusterSums {
  readonly positive: Float64Array;
  readonly negative: Float64Array;
}

type Covariance = (r: ClusterSums, s: ClusterSums) => number;

/** The covariance of the AUCs of two models from their sums; null with fewer than two clusters of either class. */
function covarianceOf(labels: ArrayLike<number>, clusters: ArrayLike<number>): Covariance | null {
  const counts = countClusters(labels, clusters);
  const { positives: m, negatives: n, positiveClusters, negativeClusters } = counts;
  if (positiveClusters < 2 || negativeClusters < 2) return null;
  const ofPositives = unbias(positiveClusters) / (m * m);
  const ofNegatives = unbias(negativeClusters) / (n * n);
  const ofBoth = unbias(counts.clusters) / (m * n);
  return (r, s) =>
    ofPositives * dot(r.positive, s.positive) +
    ofNegatives * dot(r.negative, s.negative) +
    ofBoth * (dot(r.positive, s.negative) + dot(r.negative, s.positive));
}

// At least 0 by its formula, but not by its rounding where the classes of each cluster cancel out.
const variance = (covariance: Covariance, sums: ClusterSums): number => Math.max(0, covariance(sums, sums));

const less = (r: ClusterSums, s: ClusterSums): ClusterSums => ({
  positive: r.positive.map((sum, cluster) => sum - s.positive[cluster]!),
  negative: r.negative.map((sum, cluster) => sum - s.negative[cluster]!),
});

const unbias = (count: number): number => count / (count - 1);

function clusterSums(
  labels: ArrayLike<number>,
  clusters: ArrayLike<number>,
  { auc, values }: StructuralComponents,
): ClusterSums {
  const bound = clusterBound(clusters);
  const positive = new Float64Array(bound);
  const negative = new Float64Array(bound);
  for (let row = 0; row < values.length; row += 1) {
    const sums = labels[row] === 1 ? positive : negative;
    sums[clusters[row]!]! += values[row]! - auc;
  }
  return { positive, negative };
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index += 1) sum += a[index]! * b[index]!;
  return sum;
}
