// Two versions on the same rows.
import { type Interval } from '../lifecycle/interval.ts';
import { type AucDifference, aucDifference, aucInterval } from './delong.ts';
import { type Quality, qualityOf } from './performance.ts';

/** Labels and scores of the same rows; all of one length. */
export interface ComparisonInput {
  readonly labels: Uint8Array;
  readonly clusters: Uint32Array;
  readonly championScores: Float64Array;
  readonly candidateScores: Float64Array;
}

/** One side of a comparison. */
export interface Side extends Quality {
  readonly auc: Interval;
}

/** A comparison as plain JSON. */
export interface Comparison {
  readonly rows: number;
  readonly positives: number;
  /** Clusters with at least one positive, and with at least one negative row. */
  readonly positiveClusters: number;
  readonly negativeClusters: number;
  readonly champion: Side;
  readonly candidate: Side;
  /** AUC of the candidate less that of the champion. */
  readonly difference: AucDifference;
}

const NOTHING_KNOWN: Interval = { value: 0.5, low: 0, high: 1 };

/**
 * Compares by AUC (paired, clustered DeLong) and by the quality of the probabilities. Rows of one class only leave
 * the AUCs and their difference open: intervals that exclude nothing, p = 1.
 */
export function compare({ labels, clusters, championScores, candidateScores }: ComparisonInput): Comparison {
  const positives = labels.reduce((sum, label) => sum + label, 0);
  const hasBoth = positives > 0 && positives < labels.length;
  const side = (scores: Float64Array): Side => ({
    auc: hasBoth ? aucInterval(labels, clusters, scores) : NOTHING_KNOWN,
    ...qualityOf(labels, scores),
  });
  return {
    rows: labels.length,
    positives,
    positiveClusters: countClusters(labels, clusters, 1),
    negativeClusters: countClusters(labels, clusters, 0),
    champion: side(championScores),
    candidate: side(candidateScores),
    difference: hasBoth
      ? aucDifference(labels, clusters, championScores, candidateScores)
      : { value: 0, low: -1, high: 1, z: 0, p: 1 },
  };
}

const countClusters = (labels: Uint8Array, clusters: Uint32Array, label: 0 | 1): number =>
  new Set(clusters.filter((_, row) => labels[row] === label)).size;
