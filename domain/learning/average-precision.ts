// Average precision: the area under the precision-recall curve.

/**
 * The precision at each positive, averaged, in [0, 1]; what a random order gives is the share of positives. Rows of equal
 * score are taken together. 0 where there is no positive. Labels are 0 or 1; each row counts `weights[row]` times.
 *
 * Formula: Σ (R_k − R_(k−1)) P_k over thresholds in descending order of score, as in scikit-learn's
 * average_precision_score.
 *
 * @param order rows in descending order of score, from `descending(scores)`
 * @param weights times that each row counts. @default once
 * @example averagePrecision([0, 1], Float64Array.of(0.1, 0.8)) // 1
 */
export function averagePrecision(
  labels: ArrayLike<number>,
  scores: Float64Array,
  order: Uint32Array = descending(scores),
  weights?: ArrayLike<number>,
): number {
  let positives = 0;
  let rows = 0;
  let before = 0;
  let area = 0;
  for (let rank = 0; rank < order.length; rank += 1) {
    const row = order[rank]!;
    const weight = weights ? weights[row]! : 1;
    rows += weight;
    if (labels[row] === 1) positives += weight;
    const isTied = rank + 1 < order.length && scores[order[rank + 1]!] === scores[row];
    if (isTied || positives === before) continue;
    area += (positives - before) * (positives / rows);
    before = positives;
  }
  return positives === 0 ? 0 : area / positives;
}

/** Rows in descending order of score; equal ones in the order of the rows. @example descending(Float64Array.of(1, 2)) // [1, 0] */
export const descending = (scores: Float64Array): Uint32Array =>
  Uint32Array.from(scores.keys()).sort((a, b) => scores[b]! - scores[a]! || a - b);
