// The AUC of weighted rows, computed pair by pair.

/** Share of pairs of a positive and a negative that the scores put in the right order; ties count half. */
export const weightedAuc =
  (labels: ArrayLike<number>, scores: Float64Array) =>
  (weights: Float64Array): number => {
    const order = Uint32Array.from(scores.keys()).sort((a, b) => scores[a]! - scores[b]!);
    let negatives = 0;
    let positives = 0;
    let pairs = 0;
    for (const row of order) {
      if (labels[row] === 1) {
        positives += weights[row]!;
        pairs += weights[row]! * negatives;
      } else {
        negatives += weights[row]!;
      }
    }
    return pairs / (positives * negatives);
  };
