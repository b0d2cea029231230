// The Brier score.

/**
 * The mean squared distance between score and label, in [0, 1]; 0 is perfect. Labels are 0 or 1, at least one row.
 *
 * Formula: Σ (p − y)² / n (Brier, Monthly Weather Review 78, 1950).
 *
 * @example brier([0, 1], Float64Array.of(0.1, 0.8)) // 0.025
 */
export const brier = (labels: ArrayLike<number>, scores: Float64Array): number =>
  scores.reduce((sum, score, row) => sum + squaredDistance(labels[row]!, score), 0) / scores.length;

/** What one row adds to the Brier score. */
export const squaredDistance = (label: number, score: number): number => (score - label) ** 2;
