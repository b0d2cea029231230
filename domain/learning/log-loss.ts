// Log loss: how surprised the scores are by the labels.

/**
 * The mean negative log likelihood in nats, at least 0. Labels are 0 or 1, at least one row. Scores are clipped to
 * [ε, 1 − ε], ε = 2.2e-16, so that a sure and wrong score costs 36 and not infinity.
 *
 * Formula: −Σ (y ln p + (1 − y) ln(1 − p)) / n, as in scikit-learn's log_loss.
 *
 * @example logLoss([0, 1], Float64Array.of(0.5, 0.5)) // 0.693
 */
export const logLoss = (labels: ArrayLike<number>, scores: Float64Array): number =>
  scores.reduce((sum, score, row) => sum + surprise(labels[row]!, score), 0) / scores.length;

/** Most that one row can add: what a sure and wrong score costs. */
export const MOST_SURPRISE = -Math.log(Number.EPSILON);

/** What one row adds to the log loss, in nats. */
export function surprise(label: number, score: number): number {
  const clipped = Math.min(1 - Number.EPSILON, Math.max(Number.EPSILON, score));
  return -Math.log(label === 1 ? clipped : 1 - clipped);
}
