// Structural components of the AUC: what each row adds to it.

/** An AUC and, per row, the share of the other class that the row stands on the right side of. */
export interface StructuralComponents {
  /** Area under the ROC curve, in [0, 1]; the mean component of either class. */
  readonly auc: number;
  /**
   * A positive row's share of negatives with a lower score, a negative row's share of positives with a higher one;
   * equal scores count half. In the order of the rows.
   */
  readonly values: Float64Array;
}

/**
 * The components of a model's scores; null unless both classes are there. O(n log n), ties handled as by midranks.
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
  const positives = scores.filter((_, row) => labels[row] === 1).sort();
  const negatives = scores.filter((_, row) => labels[row] !== 1).sort();
  if (positives.length === 0 || negatives.length === 0) return null;
  let pairs = 0;
  const values = scores.map((score, row) => {
    if (labels[row] !== 1) return 1 - countBelow(positives, score) / positives.length;
    const below = countBelow(negatives, score);
    pairs += below;
    return below / negatives.length;
  });
  return { auc: pairs / (positives.length * negatives.length), values };
}

/** How many of the ascending values are below `value`, equal ones counted half. */
function countBelow(ascending: Float64Array, value: number): number {
  const below = firstWhere(ascending, (other) => other >= value);
  // Most scores meet no equal of the other class, and need no second search.
  if (ascending[below] !== value) return below;
  return (below + firstWhere(ascending, (other) => other > value)) / 2;
}

/** Where the ascending values begin to hold; their number if none does. */
function firstWhere(ascending: Float64Array, holds: (value: number) => boolean): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(ascending[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}
