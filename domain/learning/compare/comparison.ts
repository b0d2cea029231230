// Compares champion and candidate on the same rows, on which neither was trained.
import { normalSurvival } from '../../data/math/special-functions.ts';
import { TidegateError } from '../../errors.ts';
import { type Interval } from '../../data/math/interval.ts';
import { aucInterval, DEFAULT_ALPHA, normalInterval } from '../../data/math/auc.ts';
import { type ClassClusters, countClusters } from '../../data/math/class-clusters.ts';
import { type PairedAuc, pairedDelong } from '../../data/math/delong.ts';
import { type Calibration, calibrationOf } from '../metrics/performance.ts';

/** Labelled rows with the scores of both models. */
export interface ComparisonInput {
  /** 0 or 1 per row. */
  readonly labels: ArrayLike<number>;
  /** A whole number from 0 per row; rows of one cluster (by default the entity) share one. */
  readonly clusters: ArrayLike<number>;
  readonly championScores: Float64Array;
  readonly candidateScores: Float64Array;
  /** 1 minus the confidence level of the intervals. @default 0.05 */
  readonly alpha?: number;
}

/** The measures of one of the two models. */
export interface ModelMeasures extends Calibration {
  readonly auc: Interval;
}

/** AUC of the candidate less that of the champion. */
export interface AucDifference extends Interval {
  /**
   * Difference divided by its standard error. Null if the standard error is unknown. If it is 0, this is 0 for equal
   * AUCs and null otherwise.
   */
  readonly z: number | null;
  /**
   * Two-sided p-value of the hypothesis that the AUCs do not differ; 1 for equal AUCs and if the standard error is
   * unknown.
   */
  readonly p: number;
}

/** The result of a comparison. Plain JSON. */
export interface Comparison extends ClassClusters {
  readonly rows: number;
  readonly alpha: number;
  readonly champion: ModelMeasures;
  readonly candidate: ModelMeasures;
  readonly difference: AucDifference;
}

// Without both classes there is nothing to rank: the interval is then the whole range.
const UNKNOWN: PairedAuc = { first: 0.5, second: 0.5, spread: null };

/**
 * Compares two models by clustered DeLong, and measures how well each is calibrated. With fewer than two clusters of a class
 * the intervals are the whole range and p is 1; with one class the AUCs are 0.5.
 *
 * @throws TidegateError TOO_FEW_LABELS if there is no row
 * @example compare({ labels, clusters, championScores, candidateScores }).difference.low > 0
 */
export function compare(input: ComparisonInput): Comparison {
  const { labels, clusters, championScores, candidateScores, alpha = DEFAULT_ALPHA } = input;
  if (labels.length === 0)
    throw new TidegateError('TOO_FEW_LABELS', 'there is no labelled row to compare on');
  const counts = countClusters(labels, clusters);
  const paired =
    pairedDelong({ labels, clusters, first: championScores, second: candidateScores }) ?? UNKNOWN;
  const measures = (auc: number, variance: number | undefined, scores: Float64Array): ModelMeasures => ({
    auc: aucInterval({ auc, variance: variance ?? null }, alpha),
    ...calibrationOf(labels, scores),
  });
  return {
    rows: labels.length,
    ...counts,
    alpha,
    champion: measures(paired.first, paired.spread?.first, championScores),
    candidate: measures(paired.second, paired.spread?.second, candidateScores),
    difference: differenceOf(paired, alpha),
  };
}

function differenceOf({ first, second, spread }: PairedAuc, alpha: number): AucDifference {
  const value = second - first;
  const variance = spread && spread.difference;
  const interval = normalInterval(value, variance, { least: -1, greatest: 1, alpha });
  if (variance === null) return { ...interval, z: null, p: 1 };
  if (variance === 0) return value === 0 ? { ...interval, z: 0, p: 1 } : { ...interval, z: null, p: 0 };
  const z = value / Math.sqrt(variance);
  return { ...interval, z, p: 2 * normalSurvival(Math.abs(z)) };
}
