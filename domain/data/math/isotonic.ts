// Isotonic regression: fits the non-decreasing curve closest to the labels, which maps scores to probabilities.

/** A non-decreasing curve through points: linear between them, constant outside. */
export interface IsotonicCurve {
  /** Scores of the points, strictly ascending; at least one. */
  readonly scores: Float64Array;
  /** Probabilities at these scores, in [0, 1], non-decreasing. */
  readonly probabilities: Float64Array;
}

/**
 * Fits the non-decreasing curve with the smallest squared error to the labels; labels of equal scores are averaged first.
 * Labels are 0 or 1, or targets in between. Needs at least one row. O(n log n).
 *
 * Formula: pool adjacent violators (Ayer and others, Annals of Mathematical Statistics 26, 1955); as scikit-learn's
 * IsotonicRegression(out_of_bounds='clip').
 *
 * @example fitIsotonic(Float64Array.of(0.1, 0.2, 0.3), [0, 1, 0]).probabilities // 0, 0.5, 0.5
 */
export function fitIsotonic(scores: Float64Array, labels: ArrayLike<number>): IsotonicCurve {
  const order = Uint32Array.from(scores.keys()).sort((a, b) => scores[a]! - scores[b]!);
  // A stack of blocks with equal fitted values: the rows, positives, first and last score of each block.
  const rows = new Float64Array(order.length);
  const positives = new Float64Array(order.length);
  const first = new Float64Array(order.length);
  const last = new Float64Array(order.length);
  let top = -1;
  for (let at = 0; at < order.length;) {
    const score = scores[order[at]!]!;
    let tied = 0;
    let hits = 0;
    for (; at < order.length && scores[order[at]!] === score; at += 1) {
      tied += 1;
      hits += labels[order[at]!]!;
    }
    top += 1;
    rows[top] = tied;
    positives[top] = hits;
    first[top] = score;
    last[top] = score;
    // Compares products instead of quotients, because whole numbers compare exactly.
    while (top > 0 && positives[top - 1]! * rows[top]! >= positives[top]! * rows[top - 1]!) {
      rows[top - 1]! += rows[top]!;
      positives[top - 1]! += positives[top]!;
      last[top - 1] = last[top]!;
      top -= 1;
    }
  }
  const points: (readonly [number, number])[] = [];
  for (let block = 0; block <= top; block += 1) {
    const probability = positives[block]! / rows[block]!;
    points.push([first[block]!, probability]);
    if (last[block]! > first[block]!) points.push([last[block]!, probability]);
  }
  return {
    scores: Float64Array.from(points, ([score]) => score),
    probabilities: Float64Array.from(points, ([, probability]) => probability),
  };
}

/** Returns the probabilities of scores, in the same order. @example applyIsotonic(curve, Float64Array.of(0.15)) // 0.25 */
export const applyIsotonic = (curve: IsotonicCurve, values: Float64Array): Float64Array =>
  values.map((value) => probabilityAt(curve, value));

/** Returns the probability of one score. @example probabilityAt({ scores: [0.1, 0.2], probabilities: [0, 0.5] }, 0.15) // 0.25 */
export function probabilityAt(
  {
    scores,
    probabilities,
  }: { readonly scores: ArrayLike<number>; readonly probabilities: ArrayLike<number> },
  value: number,
): number {
  const end = scores.length - 1;
  if (value <= scores[0]!) return probabilities[0]!;
  if (value >= scores[end]!) return probabilities[end]!;
  let low = 0;
  for (let high = end; high - low > 1;) {
    const middle = (low + high) >>> 1;
    if (scores[middle]! <= value) low = middle;
    else high = middle;
  }
  const part = (value - scores[low]!) / (scores[low + 1]! - scores[low]!);
  return probabilities[low]! + part * (probabilities[low + 1]! - probabilities[low]!);
}
