// Measures other than the AUC (average precision, log loss, Brier score, ECE) of one model on weighted rows.
import { BINS, squaredDistance, surprise, visitInBins } from './brier.ts';

/** Names of the measures, in the order in which `weightedMeasures` returns them. */
export const MEASURES = ['prAuc', 'logLoss', 'brier', 'ece'] as const;

/** A measure other than the AUC. */
export type MeasureName = (typeof MEASURES)[number];

/**
 * Returns a function from row weights to average precision, log loss, Brier score and calibration error of a model. What
 * does not depend on the weights is computed once: the order of the scores, the loss of each row, and the ten bins of the
 * unweighted rows.
 *
 * Average precision is Σ (R_k − R_(k−1)) P_k over thresholds in descending order of score, rows of equal score taken
 * together, as in scikit-learn's average_precision_score. For a random order it is about the share of positives; if
 * there are no positives, it is 0.
 *
 * @param labels 0 or 1 per row
 * @example weightedMeasures(labels, scores)(new Float64Array(scores.length).fill(1))
 */
export function weightedMeasures(
  labels: ArrayLike<number>,
  scores: Float64Array,
): (weights: Float64Array) => number[] {
  // By descending score, so that one pass adds up everything.
  const order = descending(scores);
  const rows = order.length;
  const binOf = new Uint8Array(rows);
  visitInBins(scores, (row, bin) => (binOf[row] = bin));
  const surprises = new Float64Array(rows);
  const squares = new Float64Array(rows);
  const excesses = new Float64Array(rows);
  const bins = new Uint8Array(rows);
  const isPositive = new Uint8Array(rows);
  /** 1 for the last of the rows with equal score, which is where the precision is taken. */
  const endsTie = new Uint8Array(rows);
  order.forEach((row, rank) => {
    const score = scores[row]!;
    surprises[rank] = surprise(labels[row]!, score);
    squares[rank] = squaredDistance(labels[row]!, score);
    excesses[rank] = score - labels[row]!;
    bins[rank] = binOf[row]!;
    isPositive[rank] = labels[row] === 1 ? 1 : 0;
    endsTie[rank] = rank + 1 < rows && scores[order[rank + 1]!] === score ? 0 : 1;
  });
  const excess = new Float64Array(BINS);
  return (weights) => {
    excess.fill(0);
    let total = 0;
    let surprised = 0;
    let squared = 0;
    let positives = 0;
    let before = 0;
    let area = 0;
    for (let rank = 0; rank < rows; rank += 1) {
      const weight = weights[order[rank]!]!;
      total += weight;
      surprised += weight * surprises[rank]!;
      squared += weight * squares[rank]!;
      excess[bins[rank]!]! += weight * excesses[rank]!;
      positives += weight * isPositive[rank]!;
      if (endsTie[rank] === 0 || positives === before) continue;
      area += (positives - before) * (positives / total);
      before = positives;
    }
    const missed = excess.reduce((sum, one) => sum + Math.abs(one), 0);
    return [positives === 0 ? 0 : area / positives, surprised / total, squared / total, missed / total];
  };
}

/** Returns the rows in descending order of score; rows of equal score keep their order. */
const descending = (scores: Float64Array): Uint32Array =>
  Uint32Array.from(scores.keys()).sort((a, b) => scores[b]! - scores[a]! || a - b);
