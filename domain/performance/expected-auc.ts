// The AUC expected from probabilities, without a label.

/**
 * The area under the curve of expected true against expected false positives, rows in descending order of the score,
 * rows of equal score together; null where no positive or no negative is expected.
 *
 * Formula: Σ p cumulates the true, Σ (1 − p) the false positives; trapezoids (NannyML's CBPE). With labels for
 * probabilities it is the AUC itself.
 *
 * @param scores what the model answered; @param probabilities of the positive class, in [0, 1]
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
