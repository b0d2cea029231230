// Log loss.

/** Scores are kept this far from 0 and 1, as scikit-learn does. */
const CLIP = 2.2e-16;

/** Mean of −ln(probability given to the label that came true), natural logarithm; 0 is perfect. */
export function logLoss(labels: Uint8Array, scores: Float64Array): number {
  const sum = scores.reduce((total, score, row) => {
    const given = Math.min(Math.max(score, CLIP), 1 - CLIP);
    return total - Math.log(labels[row] === 1 ? given : 1 - given);
  }, 0);
  return sum / scores.length;
}
