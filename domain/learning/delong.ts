// DeLong's variance of an AUC and of the difference of two, for rows in clusters.
import { NORMAL_95, normalSurvival } from '../drift/distributions/normal.ts';
import { type Interval } from '../lifecycle/interval.ts';
import { type Placements, placementsOf } from './placements.ts';

/** The difference of two AUCs on the same rows, with its test. */
export interface AucDifference extends Interval {
  /** The difference over its standard error; 0 where that is 0 and the difference too. */
  readonly z: number;
  /** Two-sided p-value of no difference. */
  readonly p: number;
}

/**
 * Variance of a statistic that is the mean of its components over positives and over negatives, when rows of one
 * cluster are not independent.
 *
 * Formula (Obuchowski 1997, Biometrics 53): S10/m + S01/n + 2·S11/(m·n), where S10 = I10/((I10−1)·m) · Σ_c (V10_c − m_c·θ)²
 * over clusters with positives, S01 likewise over clusters with negatives, and S11 = I/(I−1) · Σ_c of the products.
 * With one row in each cluster it is DeLong's variance (DeLong et al. 1988, Biometrics 44).
 */
export function clusteredVariance(
  labels: Uint8Array,
  clusters: Uint32Array,
  { components, auc, positives, negatives }: Placements,
): number {
  const size = clusters.reduce((largest, cluster) => Math.max(largest, cluster), 0) + 1;
  const sums = [new Float64Array(size), new Float64Array(size)] as const;
  const seen = [new Uint8Array(size), new Uint8Array(size)] as const;
  for (let row = 0; row < labels.length; row += 1) {
    const of = labels[row] === 1 ? 1 : 0;
    const cluster = clusters[row] ?? 0;
    sums[of][cluster] = (sums[of][cluster] ?? 0) + (components[row] ?? 0) - auc;
    seen[of][cluster] = 1;
  }
  let [withNegative, withPositive, withAny, s01, s10, s11] = [0, 0, 0, 0, 0, 0];
  for (let cluster = 0; cluster < size; cluster += 1) {
    const negative = sums[0][cluster] ?? 0;
    const positive = sums[1][cluster] ?? 0;
    withNegative += seen[0][cluster] ?? 0;
    withPositive += seen[1][cluster] ?? 0;
    withAny += (seen[0][cluster] ?? 0) | (seen[1][cluster] ?? 0);
    s01 += negative * negative;
    s10 += positive * positive;
    s11 += positive * negative;
  }
  return (
    (unbiased(withPositive) * s10) / positives ** 2 +
    (unbiased(withNegative) * s01) / negatives ** 2 +
    (2 * unbiased(withAny) * s11) / (positives * negatives)
  );
}

/** I/(I−1); with a single cluster nothing can be said, and the term is left out. */
const unbiased = (clusters: number): number => (clusters > 1 ? clusters / (clusters - 1) : 0);

/** An AUC with its 95 % interval, cut to [0, 1]. */
export function aucInterval(labels: Uint8Array, clusters: Uint32Array, scores: Float64Array): Interval {
  const placements = placementsOf(labels, scores);
  const halfWidth = NORMAL_95 * Math.sqrt(Math.max(0, clusteredVariance(labels, clusters, placements)));
  const { auc } = placements;
  return { value: auc, low: Math.max(0, auc - halfWidth), high: Math.min(1, auc + halfWidth) };
}

/**
 * The AUC of `candidate` less that of `champion` on the same rows, paired and clustered. Equal scores give p = 1.
 *
 * @example aucDifference(labels, clusters, championScores, candidateScores).p
 */
export function aucDifference(
  labels: Uint8Array,
  clusters: Uint32Array,
  champion: Float64Array,
  candidate: Float64Array,
): AucDifference {
  const a = placementsOf(labels, candidate);
  const b = placementsOf(labels, champion);
  // Variance is quadratic in the components, so that of the difference is the variance of their difference.
  const components = a.components.map((value, row) => value - (b.components[row] ?? 0));
  const value = a.auc - b.auc;
  const variance = Math.max(0, clusteredVariance(labels, clusters, { ...a, components, auc: value }));
  const error = Math.sqrt(variance);
  const halfWidth = NORMAL_95 * error;
  const z = error > 0 ? value / error : value === 0 ? 0 : Math.sign(value) * Number.MAX_VALUE;
  return {
    value,
    low: value - halfWidth,
    high: value + halfWidth,
    z,
    p: Math.min(1, 2 * normalSurvival(Math.abs(z))),
  };
}
