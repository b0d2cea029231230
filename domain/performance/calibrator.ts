// Whether scores are taken for probabilities as they are, or calibrated first.
import { auc } from '../data/math/auc.ts';
import { expectedCalibrationError } from '../learning/metrics/brier.ts';
import { Random } from '../random.ts';
import { applyIsotonic, fitIsotonic } from '../data/math/isotonic.ts';

/** A way from scores to probabilities, with the calibration errors that chose it. */
export interface Calibrator {
  readonly kind: 'none' | 'isotonic';
  /** ECE of the reference's scores as they are, and out of fold after calibration; null where none was tried. */
  readonly eceBefore: number | null;
  readonly eceAfter: number | null;
  /** Probabilities of scores, in their order. */
  readonly calibrate: (scores: Float64Array) => Float64Array;
}

const FOLDS = 10;
/** Scores that part the classes this well leave nothing to calibrate. */
const PARTED = 0.999;
/** Fewer rows than this say nothing about ten bins in ten folds. */
const MIN_ROWS = 100;

/**
 * Chooses isotonic regression if it improves the calibration error over ten equal-count bins, each row being calibrated
 * by a curve that was fitted without it. With one class, perfectly parted classes, or fewer than 100 rows scores stay as
 * they are. The same rows and seed give the same calibrator.
 *
 * Source: NannyML's `needs_calibration`, with folds in place of its repeated splits, so that each row counts once.
 *
 * @param labels 0 or 1 per row
 * @example chooseCalibrator(scores, labels, 7).calibrate(windowScores)
 */
export function chooseCalibrator(scores: Float64Array, labels: ArrayLike<number>, seed: number): Calibrator {
  const area = auc(labels, scores);
  if (area === null || area > PARTED || scores.length < MIN_ROWS) {
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
