// Clusters by class: rows of one cluster are not independent of each other.

/** Number of rows of each class and of clusters that hold at least one. */
export interface ClassClusters {
  readonly positives: number;
  readonly negatives: number;
  readonly positiveClusters: number;
  readonly negativeClusters: number;
  /** Clusters with a row of either class. */
  readonly clusters: number;
}

/**
 * Counts rows and clusters by class. Labels are 0 or 1, clusters whole numbers from 0, one of each per row.
 *
 * @example countClusters([0, 1, 1], [4, 4, 9]) // positives 2, negatives 1, positiveClusters 2, negativeClusters 1, clusters 2
 */
export function countClusters(labels: ArrayLike<number>, clusters: ArrayLike<number>): ClassClusters {
  // Per cluster 1 where it holds a negative, 2 where a positive, 3 where both.
  const held = new Uint8Array(clusterBound(clusters));
  let positives = 0;
  for (let row = 0; row < labels.length; row += 1) {
    const isPositive = labels[row] === 1;
    if (isPositive) positives += 1;
    held[clusters[row]!]! |= isPositive ? 2 : 1;
  }
  const count = (classes: number): number =>
    held.reduce((sum, found) => ((found & classes) === 0 ? sum : sum + 1), 0);
  return {
    positives,
    negatives: labels.length - positives,
    positiveClusters: count(2),
    negativeClusters: count(1),
    clusters: count(3),
  };
}

/** One more than the greatest cluster number. */
export function clusterBound(clusters: ArrayLike<number>): number {
  let bound = 0;
  for (let row = 0; row < clusters.length; row += 1) bound = Math.max(bound, clusters[row]! + 1);
  return bound;
}

/** Fewest holdout clusters with each label for a comparison to say anything. */
export const MIN_CLUSTERS = 50;
