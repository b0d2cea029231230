// The measures beside the AUC of one model, on rows that count as often as their weights say.
import { averagePrecision, descending } from './average-precision.ts';
import { squaredDistance } from './brier.ts';
import { BINS, visitInBins } from './expected-calibration-error.ts';
import { surprise } from './log-loss.ts';

/** Names of the measures, in the order in which `weightedMeasures` gives them. */
export const MEASURES = ['prAuc', 'logLoss', 'brier', 'ece'] as const;

/** A measure beside the AUC. */
export type MeasureName = (typeof MEASURES)[number];

/**
 * Average precision, log loss, Brier score and calibration error of a model. What does not depend on the weights is
 * done once: the order of the scores, what each row loses, and the ten bins of the rows as they are.
 *
 * @param labels 0 or 1 per row
 * @example weightedMeasures(labels, scores)(new Float64Array(scores.length).fill(1))
 */
export function weightedMeasures(
  labels: ArrayLike<number>,
  scores: Float64Array,
): (weights: Float64Array) => number[] {
  const rows = scores.length;
  const order = descending(scores);
  const surprises = scores.map((score, row) => surprise(labels[row]!, score));
  const squares = scores.map((score, row) => squaredDistance(labels[row]!, score));
  const excesses = scores.map((score, row) => score - labels[row]!);
  const bins = new Uint8Array(rows);
  visitInBins(scores, (row, bin) => (bins[row] = bin));
  const excess = new Float64Array(BINS);
  return (weights) => {
    excess.fill(0);
    let total = 0;
    let surprised = 0;
    let squared = 0;
    for (let row = 0; row < rows; row += 1) {
      const weight = weights[row]!;
      total += weight;
      surprised += weight * surprises[row]!;
      squared += weight * squares[row]!;
      excess[bins[row]!]! += weight * excesses[row]!;
    }
    const missed = excess.reduce((sum, one) => sum + Math.abs(one), 0);
    return [
      averagePrecision(labels, scores, order, weights),
      surprised / total,
      squared / total,
      missed / total,
    ];
  };
}
