// Decides whether scores are used as probabilities directly or are calibrated first.
import { auc } from '../data/math/auc.ts';
import { expectedCalibrationError } from '../learning/metrics/brier.ts';
import { Random } from '../random.ts';
import { applyIsotonic, fitIsotonic } from '../data/math/isotonic.ts';

/** A map from scores to probabilities, with the calibration errors by which it was chosen. */
export interface Calibrator {
  readonly kind: 'none' | 'isotonic';
  /**
   * Expected calibration error (ECE) of the reference's scores: before calibration, and after it with curves that were
   * fitted without the row. Both are null if calibration was not tried.
   */
  readonly eceBefore: number | null;
  readonly eceAfter: number | null;
  /** Returns the probabilities of scores, in their order. */
  readonly calibrate: (scores: Float64Array) => Float64Array;
}

const FOLDS = 10;
/** Above this AUC the classes are so well separated that there is nothing to calibrate. */
const SEPARATED_AUC = 0.999;
/** Fewer rows are not enough for ten bins in ten folds. */
const MIN_ROWS = 100;

/**
 * Chooses isotonic regression if it lowers the calibration error over ten equal-count bins, where each row is calibrated by
 * a curve that was fitted without it. Scores are left unchanged if there is only one class, the classes are almost
 * perfectly separated, or there are fewer than 100 rows. The same rows and seed give the same calibrator.
 *
 * Source: NannyML's `needs_calibration`, with folds instead of its repeated splits, so that each row counts once.
 *
 * @param labels 0 or 1 per row
 * @example chooseCalibrator(scores, labels, 7).calibrate(windowScores)
 */
export function chooseCalibrator(scores: Float64Array, labels: ArrayLike<number>, seed: number): Calibrator {
  const area = auc(labels, scores);
  if (area === null || area > SEPARATED_AUC || scores.length < MIN_ROWS) {
    return { kind: 'none', eceBefore: null, eceAfter: null, calibrate: (values) => values };
  }
  const eceBefore = expectedCalibrationError(labels, scores);
  const eceAfter = expectedCalibrationError(labels, calibratedOutOfFold(scores, labels, seed));
  if (eceAfter >= eceBefore) return { kind: 'none', eceBefore, eceAfter, calibrate: (values) => values };
  const curve = fitIsotonic(scores, labels);
  return { kind: 'isotonic', eceBefore, eceAfter, calibrate: (values) => applyIsotonic(curve, values) };
}

function calibratedOutOfFold(scores: Float64Array, labels: ArrayLike<number>, seed: number): Float64Array {
  const random = new Random(seed, FOLDS, scores.length);
  const folds = Uint8Array.from(scores, () => random.below(FOLDS));
  const calibrated = new Float64Array(scores.length);
  const rows = Uint32Array.from(scores.keys());
  for (let fold = 0; fold < FOLDS; fold += 1) {
    const inside = rows.filter((row) => folds[row] !== fold);
    const outside = rows.filter((row) => folds[row] === fold);
    const curve = fitIsotonic(
      Float64Array.from(inside, (row) => scores[row]!),
      Uint8Array.from(inside, (row) => labels[row]!),
    );
    const values = applyIsotonic(
      curve,
      Float64Array.from(outside, (row) => scores[row]!),
    );
    outside.forEach((row, at) => (calibrated[row] = values[at]!));
  }
  return calibrated;
}
