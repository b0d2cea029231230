// Structural components of the AUC: the contribution of each row.

/** An AUC and, for each row, the share of the other class that is ranked correctly relative to the row. */
export interface StructuralComponents {
  /** Area under the ROC curve, in [0, 1]; the mean component of either class. */
  readonly auc: number;
  /**
   * For a positive row, the share of negatives with a lower score; for a negative row, the share of positives with a
   * higher score. Equal scores count half. In the order of the rows.
   */
  readonly values: Float64Array;
}

/**
 * Returns the components of a model's scores; null unless both classes occur. O(n log n); ties are handled as by midranks.
 *
 * Formula: V10(x) = mean over negatives y of ψ(x, y), V01(y) = mean over positives x of ψ(x, y), ψ = 1, ½, 0 for x above,
 * equal to, below y (DeLong, DeLong and Clarke-Pearson, Biometrics 44, 1988).
 *
 * @example structuralComponents([0, 1, 1], Float64Array.of(0.2, 0.2, 0.9)) // { auc: 0.75, values: [0.75, 0.5, 1] }
 */
export function structuralComponents(
  labels: ArrayLike<number>,
  scores: Float64Array,
): StructuralComponents | null {
  const positives = sortedOf(labels, scores, true);
  const negatives = sortedOf(labels, scores, false);
  if (positives.length === 0 || negatives.length === 0) return null;
  const belowPositives = ranking(positives);
  const belowNegatives = ranking(negatives);
  const values = new Float64Array(scores.length);
  let pairs = 0;
  for (let row = 0; row < scores.length; row += 1) {
    const score = scores[row]!;
    if (labels[row] === 1) {
      const below = belowNegatives(score);
      pairs += below;
      values[row] = below / negatives.length;
    } else {
      values[row] = 1 - belowPositives(score) / positives.length;
    }
  }
  return { auc: pairs / (positives.length * negatives.length), values };
}

function sortedOf(labels: ArrayLike<number>, scores: Float64Array, positive: boolean): Float64Array {
  const chosen = new Float64Array(scores.length);
  let count = 0;
  for (let row = 0; row < scores.length; row += 1) {
    if ((labels[row] === 1) === positive) chosen[count++] = scores[row]!;
  }
  return chosen.slice(0, count).sort();
}

/**
 * Returns a function that counts how many of the ascending values are below a score; equal values count half.
 *
 * A grid over the values limits the binary search to the values of one cell. Searching all of a million values takes
 * several times as long, because they are far apart in memory.
 */
function ranking(ascending: Float64Array): (score: number) => number {
  const { length } = ascending;
  const least = ascending[0]!;
  const perCell = length / (ascending[length - 1]! - least);
  // If all values are equal, or so far apart that the division overflows, there is only one cell.
  const cells = Number.isFinite(perCell) && perCell > 0 ? length : 1;
  const cellOf = (score: number): number =>
    cells === 1 ? 0 : Math.max(0, Math.min(cells - 1, Math.floor((score - least) * perCell)));
  // The position of the first value of each cell. Values equal to a score are in the same cell as the score.
  const begins = new Uint32Array(cells + 1);
  for (const value of ascending) begins[cellOf(value) + 1]! += 1;
  for (let cell = 0; cell < cells; cell += 1) begins[cell + 1]! += begins[cell]!;

  return (score) => {
    const cell = cellOf(score);
    const end = begins[cell + 1]!;
    let low = begins[cell]!;
    for (let high = end; low < high;) {
      const middle = (low + high) >>> 1;
      if (ascending[middle]! >= score) high = middle;
      else low = middle + 1;
    }
    // Most scores have no equal in the other class and need no second search.
    if (low === end || ascending[low] !== score) return low;
    const first = low;
    for (let high = end; low < high;) {
      const middle = (low + high) >>> 1;
      if (ascending[middle]! > score) high = middle;
      else low = middle + 1;
    }
    return (first + low) / 2;
  };
}
