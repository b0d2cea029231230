// Counts rows and clusters by class. Rows of the same cluster are not independent of each other.

/** Number of rows of each class, and of clusters with at least one row of a class. */
export interface ClassClusters {
  readonly positives: number;
  readonly negatives: number;
  readonly positiveClusters: number;
  readonly negativeClusters: number;
  /** Number of clusters with a row of either class. */
  readonly clusters: number;
}

/**
 * Counts rows and clusters by class. Each row has a label, 0 or 1, and a cluster, a whole number from 0.
 *
 * @example countClusters([0, 1, 1], [4, 4, 9]) // positives 2, negatives 1, positiveClusters 2, negativeClusters 1, clusters 2
 */
export function countClusters(labels: ArrayLike<number>, clusters: ArrayLike<number>): ClassClusters {
  // For each cluster: 1 if it has a negative row, 2 if it has a positive row, 3 if it has both.
  const classesOf = new Uint8Array(clusterBound(clusters));
  let positives = 0;
  for (let row = 0; row < labels.length; row += 1) {
    const isPositive = labels[row] === 1;
    if (isPositive) positives += 1;
    classesOf[clusters[row]!]! |= isPositive ? 2 : 1;
  }
  const count = (classes: number): number =>
    classesOf.reduce((sum, found) => ((found & classes) === 0 ? sum : sum + 1), 0);
  return {
    positives,
    negatives: labels.length - positives,
    positiveClusters: count(2),
    negativeClusters: count(1),
    clusters: count(3),
  };
}

/** Returns one more than the largest cluster number; 0 if there are no rows. */
export function clusterBound(clusters: ArrayLike<number>): number {
  let bound = 0;
  for (let row = 0; row < clusters.length; row += 1) bound = Math.max(bound, clusters[row]! + 1);
  return bound;
}

/** Minimum number of holdout clusters of each class for a comparison to be meaningful. */
export const MIN_CLUSTERS = 50;
