// Measures realised performance: one model on the labelled rows of a window.
import { TidegateError } from '../../errors.ts';
import { type Interval } from '../../data/math/interval.ts';
import { aucInterval } from '../../data/math/auc.ts';
import { BINNING, brier, expectedCalibrationError, logLoss } from './brier.ts';
import {
  calibrationIntervals,
  type CalibrationIntervals,
  type LabelledScores,
} from './calibration-intervals.ts';
import { type ClassClusters, countClusters } from '../../data/math/class-clusters.ts';
import { singleDelong } from '../../data/math/delong.ts';

/** How well scores are calibrated; unlike the AUC this depends on the scores themselves, not on their order. */
export interface Calibration {
  readonly brier: number;
  /** Nats per row. */
  readonly logLoss: number;
  /** Expected calibration error, in [0, 1], over the bins that `eceBinning` names. */
  readonly ece: number;
  readonly eceBinning: typeof BINNING;
}

/** Performance of a model on rows whose labels are known. Plain JSON. */
export interface Performance extends ClassClusters, Calibration {
  readonly rows: number;
  /** Area under the ROC curve with its clustered 95 % interval; null if all rows are of one class. */
  readonly auc: Interval | null;
  /** 95 % intervals of the other metrics; absent in older reports, which did not measure them. */
  readonly intervals?: CalibrationIntervals;
}

/** Brier score, log loss and calibration error of scores; at least one row. @example calibrationOf([1], Float64Array.of(0.9)) */
export const calibrationOf = (labels: ArrayLike<number>, scores: Float64Array): Calibration => ({
  brier: brier(labels, scores),
  logLoss: logLoss(labels, scores),
  ece: expectedCalibrationError(labels, scores),
  eceBinning: BINNING,
});

/**
 * Measures scores against labels.
 *
 * @param seed of the resampling for the interval of the calibration error
 * @throws TidegateError TOO_FEW_LABELS if there is no row
 * @example measurePerformance({ labels, clusters, scores }, 7)
 */
export function measurePerformance(rows: LabelledScores, seed: number): Performance {
  const { labels, clusters, scores } = rows;
  if (labels.length === 0)
    throw new TidegateError('TOO_FEW_LABELS', 'there is no labelled row to measure on');
  const measured = singleDelong(labels, clusters, scores);
  return {
    rows: labels.length,
    ...countClusters(labels, clusters),
    auc: measured && aucInterval(measured),
    ...calibrationOf(labels, scores),
    intervals: calibrationIntervals(rows, seed),
  };
}
