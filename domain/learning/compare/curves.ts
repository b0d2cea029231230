// Curves of champion and candidate on the rows of a comparison, small enough to be stored with it and drawn.
import { BINS, visitInBins } from '../metrics/brier.ts';

/** Rows with similar scores. */
export interface CalibrationBin {
  readonly rows: number;
  /** Mean score. */
  readonly predicted: number;
  /** Share of positives. */
  readonly observed: number;
}

/** The curves of one model on the rows of a comparison. Shares are rounded to four decimals. */
export interface ModelCurves {
  /** True positive rate at the false positive rates 0, 1/50, 2/50, … 1; null if all rows are of one class. */
  readonly roc: readonly number[] | null;
  /** At most ten bins of equal count, in ascending order of score. */
  readonly calibration: readonly CalibrationBin[];
  /** For each class, the shares of all rows in 20 equally wide cells of score from 0 to 1. */
  readonly scores: { readonly positive: readonly number[]; readonly negative: readonly number[] };
}

/** The curves of both models on the same rows. Plain JSON. */
export interface Curves {
  readonly champion: ModelCurves;
  readonly candidate: ModelCurves;
}

const ROC_STEPS = 50;

const SCORE_CELLS = 20;

/**
 * Returns the curves of one model.
 *
 * @param labels 0 or 1 per row; at least one row
 * @param scores from 0 to 1
 * @example curvesOf([0, 1], Float64Array.of(0.2, 0.7)).roc?.[0] // 1
 */
export const curvesOf = (labels: ArrayLike<number>, scores: Float64Array): ModelCurves => ({
  roc: rocOf(labels, scores),
  calibration: calibrationOf(labels, scores),
  scores: { positive: scoreShares(labels, scores, 1), negative: scoreShares(labels, scores, 0) },
});

/** Reads the ROC curve at equally spaced false positive rates; where it rises vertically, the upper end counts. */
function rocOf(labels: ArrayLike<number>, scores: Float64Array): number[] | null {
  const corners = rocCorners(labels, scores);
  const [falseAlarms, hits] = corners.at(-1)!;
  if (falseAlarms === 0 || hits === 0) return null;
  let at = 0;
  return Array.from({ length: ROC_STEPS + 1 }, (_, step) => {
    const wanted = (step / ROC_STEPS) * falseAlarms;
    while (at + 1 < corners.length && corners[at + 1]![0] <= wanted) at += 1;
    const [x, y] = corners[at]!;
    const [nextX, nextY] = corners[at + 1] ?? [x + 1, y];
    return rounded((y + ((wanted - x) / (nextX - x)) * (nextY - y)) / hits);
  });
}

/** Numbers of false alarms and of hits at each threshold, from the highest score down; equal scores make one corner. */
function rocCorners(labels: ArrayLike<number>, scores: Float64Array): [number, number][] {
  const order = Uint32Array.from(scores.keys()).sort((a, b) => scores[b]! - scores[a]!);
  const corners: [number, number][] = [[0, 0]];
  let [falseAlarms, hits] = [0, 0];
  order.forEach((row, rank) => {
    if (labels[row] === 1) hits += 1;
    else falseAlarms += 1;
    const next = order[rank + 1];
    if (next === undefined || scores[next] !== scores[row]) corners.push([falseAlarms, hits]);
  });
  return corners;
}

/** Mean score and share of positives in the bins of the expected calibration error. */
function calibrationOf(labels: ArrayLike<number>, scores: Float64Array): CalibrationBin[] {
  const bins = Array.from({ length: BINS }, () => ({ rows: 0, predicted: 0, observed: 0 }));
  visitInBins(scores, (row, at) => {
    const bin = bins[at]!;
    bin.rows += 1;
    bin.predicted += scores[row]!;
    bin.observed += labels[row]!;
  });
  return bins
    .filter(({ rows }) => rows > 0)
    .map(({ rows, predicted, observed }) => ({
      rows,
      predicted: rounded(predicted / rows),
      observed: rounded(observed / rows),
    }));
}

function scoreShares(labels: ArrayLike<number>, scores: Float64Array, label: 0 | 1): number[] {
  const cells = new Float64Array(SCORE_CELLS);
  scores.forEach((score, row) => {
    if (labels[row] === label) cells[Math.min(SCORE_CELLS - 1, Math.floor(score * SCORE_CELLS))]! += 1;
  });
  return Array.from(cells, (count) => rounded(count / scores.length));
}

const rounded = (share: number): number => Number(share.toFixed(4));
