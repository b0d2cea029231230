// DeLong's variance of one AUC, or of two AUCs on the same rows, for rows in clusters.
import { clusterBound, countClusters } from './class-clusters.ts';
import { type StructuralComponents, structuralComponents } from './structural-components.ts';

/** Rows that two models have scored. */
export interface PairedScores {
  /** 0 or 1 per row. */
  readonly labels: ArrayLike<number>;
  /** Per row, the number of its cluster, a whole number from 0. */
  readonly clusters: ArrayLike<number>;
  readonly first: Float64Array;
  readonly second: Float64Array;
}

/** Variances and covariance of two AUCs on the same rows, and the variance of the second minus the first. */
export interface AucSpread {
  readonly first: number;
  readonly second: number;
  readonly covariance: number;
  readonly difference: number;
}

/** The AUCs of two models on the same rows, with their variances and covariance. */
export interface PairedAuc {
  readonly first: number;
  readonly second: number;
  /** Null if either class has fewer than two clusters, because the variance is then unknown. */
  readonly spread: AucSpread | null;
}

/** The AUC of one model; `variance` is null if either class has fewer than two clusters. */
export interface SingleAuc {
  readonly auc: number;
  readonly variance: number | null;
}

/**
 * Returns both AUCs with their clustered variances and covariance; null unless both classes occur. O(n log n).
 *
 * Formula (Obuchowski, Biometrics 53, 1997): with A_k = Σ over positives of cluster k of (V10 − AUC), B_k likewise over
 * its negatives with V01, m positive and n negative rows, and I10, I01, I clusters (with a positive, with a negative, all),
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
    // The variance of the difference is not computed from the three values above, because for similar models their
    // combination is mostly rounding error.
    difference: variance(covariance, subtract(s, r)),
  };
  return { first: a.auc, second: b.auc, spread };
}

/** Returns one model's AUC with its clustered variance; null unless both classes occur. @example singleDelong(labels, clusters, scores) */
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

/**
 * For each cluster, the sum of (component − AUC) over its positive rows and over its negative rows: A and B of the
 * formula.
 */
interface ClusterSums {
  readonly positive: Float64Array;
  readonly negative: Float64Array;
}

type Covariance = (r: ClusterSums, s: ClusterSums) => number;

/**
 * Returns the function that computes the covariance of two AUCs from their cluster sums; null if either class has fewer
 * than two clusters.
 */
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

// The formula gives at least 0, but rounding may give less if the classes in each cluster cancel out.
const variance = (covariance: Covariance, sums: ClusterSums): number => Math.max(0, covariance(sums, sums));

const subtract = (r: ClusterSums, s: ClusterSums): ClusterSums => ({
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
