// Estimates a version's metrics without labels, from its own scores (NannyML's CBPE).
import { auc } from '../data/math/auc.ts';
import { DEFAULT_THRESHOLD } from '../learning/artifact/operating-threshold.ts';
import { chooseCalibrator } from './calibrator.ts';
import { accuracyOf, expectedAuc, expectedConfusion, f1Of } from './expected-confusion.ts';
import { type ScoredRows, type ScoreSource } from './score-reference.ts';
import { structuralComponents } from '../data/math/structural-components.ts';

/** Shown with every estimate. */
export const CAVEAT =
  'estimated from the scores only: correct as long as rows of equal score are positive as often as in the reference; ' +
  'it cannot detect concept drift';

/** An estimated metric, in [0, 1]. */
export interface EstimatedMetric {
  readonly value: number;
  /** Lower end of the band of ± 3 sampling errors. */
  readonly low: number;
  /** Upper end of the band of ± 3 sampling errors. */
  readonly high: number;
  /** Mean less 3 standard deviations of the realised metric over the chunks of the reference. */
  readonly least: number;
  /** Mean plus 3 of these standard deviations. */
  readonly greatest: number;
  /** Whether the value lies outside `least` to `greatest`. */
  readonly alarm: boolean;
}

/** Estimated metrics of rows without labels. Plain JSON. */
export interface EstimatedPerformance {
  readonly measured: true;
  readonly rows: number;
  /** Minimum rows for an estimate. */
  readonly minimumRows: number;
  readonly referenceRows: number;
  readonly referenceSource: ScoreSource;
  readonly calibration: 'none' | 'isotonic';
  /** Null if it cannot be estimated on the window or measured on the chunks of the reference. */
  readonly auc: EstimatedMetric | null;
  /** Accuracy at the version's threshold. */
  readonly accuracy: EstimatedMetric | null;
  readonly f1: EstimatedMetric | null;
  readonly caveat: string;
}

/** Why there is no estimate. */
export interface NotEstimated {
  readonly measured: false;
  readonly reason: string;
}

const CHUNKS = 10;
const DEVIATIONS = 3;

interface Metric {
  readonly samplingError: SamplingError | null;
  readonly realised: (rows: ScoredRows) => number | null;
  readonly expected: (scores: Float64Array, probabilities: Float64Array) => number | null;
}

/**
 * Estimates AUC, accuracy and F1 of scores without labels.
 *
 * Formula: scores become probabilities, calibrated if that helps on the reference; each metric is its expectation for labels
 * drawn with these probabilities. Band: ± 3 sampling errors, learnt on the reference, for this number of rows. Bounds: mean
 * ± 3 standard deviations (ddof 0) of the realised metric over 10 chunks of the reference, within [0, 1].
 *
 * Source: NannyML's confidence-based performance estimation; the estimate is valid under covariate shift only.
 *
 * @param seed of the folds that choose the calibration
 * @param threshold rows with at least this score are predicted positive, for accuracy and F1. @default 0.5
 * @example estimatePerformance(reference, scores, 7)
 */
export function estimatePerformance(
  reference: ScoredRows & { readonly source: ScoreSource },
  scores: Float64Array,
  seed: number,
  threshold = DEFAULT_THRESHOLD,
): EstimatedPerformance | NotEstimated {
  const ofAuc = aucSamplingError(reference.scores, reference.labels);
  if (ofAuc === null) return notEstimated('all rows of the score reference are of one class');
  const needed = minimumRows(ofAuc);
  if (reference.scores.length < needed) {
    return notEstimated(`the score reference has ${reference.scores.length} rows, but ${needed} are needed`);
  }
  if (scores.length < needed) {
    return notEstimated(`there are ${scores.length} holdout rows without a label, but ${needed} are needed`);
  }
  const calibrator = chooseCalibrator(reference.scores, reference.labels, seed);
  const probabilities = calibrator.calibrate(scores);
  const confusion = (of: Float64Array, probability: ArrayLike<number>) =>
    expectedConfusion(of, probability, threshold);
  const measure = (metric: Metric): EstimatedMetric | null =>
    estimate(metric, reference, metric.expected(scores, probabilities), scores.length);
  return {
    measured: true,
    rows: scores.length,
    minimumRows: needed,
    referenceRows: reference.scores.length,
    referenceSource: reference.source,
    calibration: calibrator.kind,
    auc: measure({
      samplingError: ofAuc,
      realised: (rows) => auc(rows.labels, rows.scores),
      expected: expectedAuc,
    }),
    accuracy: measure({
      samplingError: accuracySamplingError(reference.scores, reference.labels, threshold),
      realised: (rows) => accuracyOf(confusion(rows.scores, rows.labels)),
      expected: (of, probability) => accuracyOf(confusion(of, probability)),
    }),
    f1: measure({
      samplingError: f1SamplingError(reference.scores, reference.labels, threshold),
      realised: (rows) => f1Of(confusion(rows.scores, rows.labels)),
      expected: (of, probability) => f1Of(confusion(of, probability)),
    }),
    caveat: CAVEAT,
  };
}

function estimate(
  { samplingError, realised }: Metric,
  reference: ScoredRows,
  value: number | null,
  rows: number,
): EstimatedMetric | null {
  const ofChunks = chunksOf(reference).flatMap((chunk) => realised(chunk) ?? []);
  if (value === null || samplingError === null || ofChunks.length < 2) return null;
  const mean = ofChunks.reduce((sum, one) => sum + one, 0) / ofChunks.length;
  const deviation = Math.sqrt(ofChunks.reduce((sum, one) => sum + (one - mean) ** 2, 0) / ofChunks.length);
  const reach = DEVIATIONS * standardError(samplingError, rows);
  const [least, greatest] = [share(mean - DEVIATIONS * deviation), share(mean + DEVIATIONS * deviation)];
  return {
    value,
    low: share(value - reach),
    high: share(value + reach),
    least,
    greatest,
    alarm: value < least || value > greatest,
  };
}

/** Splits the rows into ten consecutive chunks of nearly equal size. */
function chunksOf({ scores, labels }: ScoredRows): ScoredRows[] {
  const edge = (chunk: number): number => Math.floor((chunk * scores.length) / CHUNKS);
  return Array.from({ length: CHUNKS }, (_, chunk) => ({
    scores: scores.subarray(edge(chunk), edge(chunk + 1)),
    labels: labels.subarray(edge(chunk), edge(chunk + 1)),
  }));
}

const share = (value: number): number => Math.max(0, Math.min(1, value));

const notEstimated = (reason: string): NotEstimated => ({ measured: false, reason });

/** Largest accepted standard error of the AUC. */
const REQUIRED_ERROR = 0.02;

/** Minimum rows even if the scores separate the classes of the reference very well. */
const MIN_ROWS = 300;

/**
 * Returns the smallest number of rows for which the standard error of the AUC is at most 0.02, at least 300.
 *
 * Formula: max(300, ⌈s² / (0.02² π)⌉), where s and π are the deviation and share of the AUC's sampling error. This is
 * NannyML's minimum chunk size (documented up to version 0.8), without its rounding to hundreds.
 *
 * @example minimumRows({ deviation: 0.25, share: 0.25 }) // 625
 */
export const minimumRows = ({ deviation, share }: SamplingError): number =>
  Math.max(MIN_ROWS, Math.ceil(deviation ** 2 / (REQUIRED_ERROR ** 2 * share) - 1e-9));

/** The standard deviation that a single row contributes to a metric, and the share of rows that contribute. */
interface SamplingError {
  readonly deviation: number;
  /** In (0, 1]. */
  readonly share: number;
}

/** Returns the standard error of a metric on `rows` rows. @example standardError({ deviation: 0.3, share: 0.2 }, 1_000) // 0.021 */
export const standardError = ({ deviation, share }: SamplingError, rows: number): number =>
  deviation / Math.sqrt(rows * share);

/**
 * Returns the sampling error of the AUC: the standard deviation, over the rows of the rarer class, of the share of the other
 * class that a row scores above. Null if there is only one class.
 *
 * Source: NannyML's `auroc_sampling_error_components`, by the variance of a Mann-Whitney sum. Here a pair of equal
 * scores counts half; in NannyML it counts by the order of the rows.
 *
 * @param labels 0 or 1 per row
 */
export function aucSamplingError(scores: Float64Array, labels: ArrayLike<number>): SamplingError | null {
  const components = structuralComponents(labels, scores);
  if (components === null) return null;
  const hits = Array.from(labels).reduce((sum, label) => sum + label, 0);
  const rarer = hits * 2 > scores.length ? 0 : 1;
  const values = components.values.filter((_, row) => labels[row] === rarer);
  return { deviation: deviationOf(values), share: values.length / scores.length };
}

/** Returns the sampling error of the accuracy: the standard deviation of being right. Null without rows. */
export function accuracySamplingError(
  scores: Float64Array,
  labels: ArrayLike<number>,
  threshold: number,
): SamplingError | null {
  if (scores.length === 0) return null;
  const right = scores.map((score, row) => Number(Number(score >= threshold) === labels[row]));
  return { deviation: deviationOf(right), share: 1 };
}

/**
 * Returns the sampling error of F1: the standard deviation of a true positive's weight, over the rows that are positive or
 * predicted positive. Null if there are no such rows.
 *
 * Source: NannyML's `f1_sampling_error_components`.
 */
export function f1SamplingError(
  scores: Float64Array,
  labels: ArrayLike<number>,
  threshold: number,
): SamplingError | null {
  const {
    truePositives: hits,
    falsePositives,
    falseNegatives,
  } = expectedConfusion(scores, labels, threshold);
  const misses = falsePositives + falseNegatives;
  const rows = hits + misses;
  if (rows === 0) return null;
  const weight = rows / (hits + misses / 2);
  // Standard deviation of a share, because each row counts either `weight` or 0.
  const deviation = weight * Math.sqrt((hits / rows) * (misses / rows));
  return { deviation, share: rows / scores.length };
}

function deviationOf(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}
