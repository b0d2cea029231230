// The confusion matrix at a cut, expected from probabilities or counted from labels, and what follows from it.

/** Rows of each kind; whole numbers where they were counted. */
export interface Confusion {
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly falseNegatives: number;
  readonly trueNegatives: number;
}

/**
 * Expected confusion where each row is positive with its probability. A row is predicted positive from the cut on.
 * Given labels for probabilities it counts what happened.
 *
 * Formula: TP = Σ p and FP = Σ (1 − p) over rows predicted positive, FN = Σ p and TN = Σ (1 − p) over the others.
 *
 * @param scores what the model answered; @param probabilities of the positive class, in [0, 1]
 * @example expectedConfusion(Float64Array.of(0.9, 0.2), Float64Array.of(0.9, 0.2), 0.5).truePositives // 0.9
 */
export function expectedConfusion(
  scores: Float64Array,
  probabilities: ArrayLike<number>,
  cut: number,
): Confusion {
  let predicted = 0;
  let truePositives = 0;
  let positives = 0;
  for (let row = 0; row < scores.length; row += 1) {
    positives += probabilities[row]!;
    if (scores[row]! < cut) continue;
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

/** Share of rows predicted rightly; null without rows. */
export function accuracyOf(confusion: Confusion): number | null {
  const { truePositives, falsePositives, falseNegatives, trueNegatives } = confusion;
  const rows = truePositives + falsePositives + falseNegatives + trueNegatives;
  return rows === 0 ? null : (truePositives + trueNegatives) / rows;
}

/** Harmonic mean of precision and recall: TP / (TP + (FP + FN)/2); null where nothing is positive nor predicted so. */
export function f1Of({ truePositives, falsePositives, falseNegatives }: Confusion): number | null {
  const denominator = truePositives + (falsePositives + falseNegatives) / 2;
  return denominator === 0 ? null : truePositives / denominator;
}
