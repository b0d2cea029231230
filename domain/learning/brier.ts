// Brier score.

/** Mean of (score − label)²; 0 is perfect, 1 the worst (Brier 1950). */
export function brierScore(labels: Uint8Array, scores: Float64Array): number {
  return scores.reduce((sum, score, row) => sum + (score - (labels[row] ?? 0)) ** 2, 0) / scores.length;
}
