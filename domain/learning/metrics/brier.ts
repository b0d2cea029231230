// Brier score, log loss and expected calibration error of scores.

/**
 * Returns the mean squared distance between score and label, in [0, 1]; 0 is perfect. Labels are 0 or 1, at least one row.
 *
 * Formula: Σ (p − y)² / n (Brier, Monthly Weather Review 78, 1950).
 *
 * @example brier([0, 1], Float64Array.of(0.1, 0.8)) // 0.025
 */
export const brier = (labels: ArrayLike<number>, scores: Float64Array): number =>
  scores.reduce((sum, score, row) => sum + squaredDistance(labels[row]!, score), 0) / scores.length;

/** Contribution of one row to the Brier score. */
export const squaredDistance = (label: number, score: number): number => (score - label) ** 2;

/**
 * Returns the mean negative log likelihood in nats, at least 0. Labels are 0 or 1, at least one row. Scores are clipped to
 * [ε, 1 − ε], ε = 2.2e-16, so that a wrong score of exactly 0 or 1 costs 36 and not infinity.
 *
 * Formula: −Σ (y ln p + (1 − y) ln(1 − p)) / n, as in scikit-learn's log_loss.
 *
 * @example logLoss([0, 1], Float64Array.of(0.5, 0.5)) // 0.693
 */
export const logLoss = (labels: ArrayLike<number>, scores: Float64Array): number =>
  scores.reduce((sum, score, row) => sum + surprise(labels[row]!, score), 0) / scores.length;

/** Largest log loss of one row, in nats: the cost of a wrong score of exactly 0 or 1. */
export const MAX_SURPRISE = -Math.log(Number.EPSILON);

/** Contribution of one row to the log loss, in nats. */
export function surprise(label: number, score: number): number {
  const clipped = Math.min(1 - Number.EPSILON, Math.max(Number.EPSILON, score));
  return -Math.log(label === 1 ? clipped : 1 - clipped);
}

/** Name of the binning: calibration errors over other bins are not comparable. */
export const BINNING = '10 equal-count bins';

/** Maximum number of bins; there are fewer if rows of equal score would fill more than one. */
export const BINS = 10;

/**
 * Returns the mean distance between mean score and positive rate over ten bins of equal count in score order, weighted by
 * rows; in [0, 1], 0 is perfect. Rows of equal score share a bin, so the order of rows does not matter and a constant score
 * has one bin. Labels are 0 or 1, at least one row.
 *
 * Formula: Σ over bins |Σ p − Σ y| / n (Naeini, Cooper and Hauskrecht, AAAI 2015, with equal-count bins).
 *
 * @example expectedCalibrationError([0, 1], Float64Array.of(0.5, 0.5)) // 0
 */
export function expectedCalibrationError(labels: ArrayLike<number>, scores: Float64Array): number {
  const excess = new Float64Array(BINS);
  visitInBins(scores, (row, bin) => (excess[bin]! += scores[row]! - labels[row]!));
  return excess.reduce((sum, one) => sum + Math.abs(one), 0) / scores.length;
}

/** Visits the rows in ascending order of score, each with its bin, from 0 to 9. */
export function visitInBins(scores: Float64Array, visit: (row: number, bin: number) => void): void {
  const rows = scores.length;
  const order = Uint32Array.from(scores.keys()).sort((a, b) => scores[a]! - scores[b]!);
  let bin = 0;
  for (let rank = 1; rank <= rows; rank += 1) {
    const row = order[rank - 1]!;
    visit(row, bin);
    const isTied = rank < rows && scores[order[rank]!] === scores[row];
    if (rank * BINS >= (bin + 1) * rows && !isTied) bin = Math.floor((rank * BINS) / rows);
  }
}
