// The confusion matrix at a threshold, expected from probabilities or counted from labels, and the metrics derived from it.

/** Number of rows of each kind; whole numbers if they were counted from labels. */
export interface Confusion {
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly falseNegatives: number;
  readonly trueNegatives: number;
}

/**
 * Returns the expected confusion matrix if each row is positive with its probability. A row is predicted positive if its
 * score is at least the threshold. With labels instead of probabilities, the actual confusion matrix is returned.
 *
 * Formula: TP = Σ p and FP = Σ (1 − p) over rows predicted positive, FN = Σ p and TN = Σ (1 − p) over the others.
 *
 * @param scores of the model
 * @param probabilities of the positive class, in [0, 1]
 * @param threshold score from which on a row is predicted positive
 * @example expectedConfusion(Float64Array.of(0.9, 0.2), Float64Array.of(0.9, 0.2), 0.5).truePositives // 0.9
 */
export function expectedConfusion(
  scores: Float64Array,
  probabilities: ArrayLike<number>,
  threshold: number,
): Confusion {
  let predicted = 0;
  let truePositives = 0;
  let positives = 0;
  for (let row = 0; row < scores.length; row += 1) {
    positives += probabilities[row]!;
    if (scores[row]! < threshold) continue;
    predicted += 1;
    truePositives += probabilities[row]!;
  }
  const falseNegatives = positives - truePositives;
  return {
    truePositives,
    falsePositives: predicted - truePositives,
    falseNegatives,
    trueNegatives: scores.length - predicted - falseNegatives,
  };
}

/** Share of rows that are predicted correctly; null without rows. */
export function accuracyOf(confusion: Confusion): number | null {
  const { truePositives, falsePositives, falseNegatives, trueNegatives } = confusion;
  const rows = truePositives + falsePositives + falseNegatives + trueNegatives;
  return rows === 0 ? null : (truePositives + trueNegatives) / rows;
}

/** Harmonic mean of precision and recall: TP / (TP + (FP + FN)/2); null if no row is positive or predicted positive. */
export function f1Of({ truePositives, falsePositives, falseNegatives }: Confusion): number | null {
  const denominator = truePositives + (falsePositives + falseNegatives) / 2;
  return denominator === 0 ? null : truePositives / denominator;
}

/**
 * Returns the area under the curve of expected true against expected false positives, with rows in descending order of score
 * and rows of equal score together; null if no positive or no negative is expected.
 *
 * Formula: cumulated Σ p for true and Σ (1 − p) for false positives, area by trapezoids (NannyML's CBPE). With labels
 * instead of probabilities it is the actual AUC.
 *
 * @param scores of the model
 * @param probabilities of the positive class, in [0, 1]
 * @example expectedAuc(Float64Array.of(0.9, 0.1), Float64Array.of(0.9, 0.1)) // 0.9
 */
export function expectedAuc(scores: Float64Array, probabilities: ArrayLike<number>): number | null {
  const order = Uint32Array.from(scores.keys()).sort((a, b) => scores[b]! - scores[a]!);
  let positives = 0;
  let negatives = 0;
  let area = 0;
  for (let at = 0; at < order.length;) {
    const score = scores[order[at]!]!;
    const before = positives;
    let passed = 0;
    for (; at < order.length && scores[order[at]!] === score; at += 1) {
      const probability = probabilities[order[at]!]!;
      positives += probability;
      passed += 1 - probability;
    }
    area += (passed * (before + positives)) / 2;
    negatives += passed;
  }
  return positives > 0 && negatives > 0 ? area / (positives * negatives) : null;
}
