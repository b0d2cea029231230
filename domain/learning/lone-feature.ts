// Measures how well a single feature predicts the label: by its order, and by the rate of positives among similar values.
import { type FeatureColumn, type Frame, MISSING_CODE } from '../data/frame.ts';
import { type Interval } from '../data/math/interval.ts';
import { aucInterval } from '../data/math/auc.ts';
import { countClusters } from '../data/math/class-clusters.ts';
import { singleDelong } from '../data/math/delong.ts';
import { type Fold } from './resample/folds.ts';

/** How a feature was turned into scores: its own order, or the rate of positives among rows with a similar value. */
export type LoneMeasure = 'order' | 'rate';

/** How well one feature predicts the label on its own. */
export interface LoneFeature {
  readonly feature: string;
  readonly measure: LoneMeasure;
  /**
   * Area under the ROC curve with its clustered 95 % interval; for the measure `order`, the AUC of the direction
   * (ascending or descending) that is above 0.5.
   */
  readonly auc: Interval;
  /** Measured only on the rows after this instant, ISO 8601; absent if measured on all rows. */
  readonly since?: string;
}

/** A frame whose rows are all labelled, and folds of them that share no cluster. */
export interface LoneRows {
  readonly frame: Pick<Frame, 'labels' | 'clusters'>;
  readonly folds: readonly Fold[];
}

/** Bins of a numeric feature, in addition to one for missing values. */
const BINS = 32;

/** With fewer clusters of a class the interval of an AUC cannot be trusted. */
const MIN_CLUSTERS = 20;

/**
 * Measures a feature by order and by rate and returns the stronger result; null if too few clusters of a class have a
 * value. By order: the AUC of a number on the rows that have one. By rate: each row is scored by the rate of positives
 * among the rows of the other folds that have the same category or, for a number, fall into the same bin; there are 32
 * bins of equal count. Missing counts as a value.
 *
 * Formula: AUC and interval by DeLong, clustered (see `singleDelong`); rate = (positives + π) / (rows + 1), where π is the
 * share of positives in the other folds, so that a value that no other row has scores π.
 *
 * @example measureLoneFeature(column, { frame, folds: foldsOf(frame, rows, { seed: 7 }).folds })
 */
export function measureLoneFeature(column: FeatureColumn, rows: LoneRows): LoneFeature | null {
  const found = [byOrder(column, rows), byRate(column, rows)].filter((one) => one !== null);
  found.sort((a, b) => b.auc.low - a.auc.low);
  return found[0] ?? null;
}

function byOrder(column: FeatureColumn, { frame }: LoneRows): LoneFeature | null {
  if (column.kind === 'category') return null;
  const { values } = column;
  const present = Uint32Array.from(values.keys()).filter((row) => !Number.isNaN(values[row]));
  const auc = aucOf(
    present.map((row) => frame.labels[row]!),
    present.map((row) => frame.clusters[row]!),
    Float64Array.from(present, (row) => values[row]!),
  );
  if (!auc) return null;
  const { value, low, high } = auc;
  const directed = value < 0.5 ? { value: 1 - value, low: 1 - high, high: 1 - low } : auc;
  return { feature: column.name, measure: 'order', auc: directed };
}

function byRate(column: FeatureColumn, { frame, folds }: LoneRows): LoneFeature | null {
  if (folds.length === 0) return null;
  const auc = aucOf(
    frame.labels,
    frame.clusters,
    ratesOutOfFold(column.kind === 'category' ? column.codes : binsOf(column.values), frame.labels, folds),
  );
  return auc && { feature: column.name, measure: 'rate', auc };
}

function aucOf(
  labels: ArrayLike<number>,
  clusters: ArrayLike<number>,
  scores: Float64Array,
): Interval | null {
  const { positiveClusters, negativeClusters } = countClusters(labels, clusters);
  if (Math.min(positiveClusters, negativeClusters) < MIN_CLUSTERS) return null;
  const measured = singleDelong(labels, clusters, scores);
  return measured && aucInterval(measured);
}

function ratesOutOfFold(codes: Uint32Array, labels: Uint8Array, folds: readonly Fold[]): Float64Array {
  const rates = new Float64Array(codes.length);
  for (const { inside, outside } of folds) {
    const counts = new Map<number, { rows: number; positives: number }>();
    let positives = 0;
    for (const row of inside) {
      let count = counts.get(codes[row]!);
      if (!count) counts.set(codes[row]!, (count = { rows: 0, positives: 0 }));
      count.rows += 1;
      count.positives += labels[row]!;
      positives += labels[row]!;
    }
    const prior = positives / inside.length;
    for (const row of outside) {
      const { rows, positives: hits } = counts.get(codes[row]!) ?? { rows: 0, positives: 0 };
      rates[row] = (hits + prior) / (rows + 1);
    }
  }
  return rates;
}

/** Returns the bin of each value: the number of bin edges below it. */
function binsOf(values: Float64Array): Uint32Array {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  const edges: number[] = [];
  for (let bin = 1; bin < BINS; bin += 1) {
    const edge = sorted[Math.floor((bin * sorted.length) / BINS)];
    if (edge !== undefined && edge !== edges.at(-1)) edges.push(edge);
  }
  return Uint32Array.from(values, (value) => {
    if (Number.isNaN(value)) return MISSING_CODE;
    let [low, high] = [0, edges.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (edges[middle]! < value) low = middle + 1;
      else high = middle;
    }
    return low;
  });
}
