// Compares champion and candidate on slices of the evaluation rows, so that an overall gain cannot hide a loss in one slice.
import { type Frame } from '../../data/frame.ts';
import type { NamedSlice } from '../../model/schema/slices-schema.ts';
import { type Interval } from '../../data/math/interval.ts';
import { DEFAULT_ALPHA, normalInterval } from '../../data/math/auc.ts';
import { countClusters } from '../../data/math/class-clusters.ts';
import { pairedDelong } from '../../data/math/delong.ts';
import { type SliceKind, sliceRows } from './slice-rows.ts';

/** Minimum positive clusters of a slice to be tested. */
export const MIN_SLICE_CLUSTERS = 50;

/** Minimum negative clusters: with fewer the variance is not reliable. */
const MIN_NEGATIVE_CLUSTERS = 10;

/** The comparison on the rows of one slice. Plain JSON. */
export interface Slice {
  /** The column with its value, band or `is missing`, such as `net_service = DSL`; or the name from the definition. */
  readonly name: string;
  /** Absent in older comparisons, which only had slices of kind `category`. */
  readonly kind?: SliceKind;
  readonly rows: number;
  readonly positiveClusters: number;
  /** Absent in older comparisons. */
  readonly negativeClusters?: number;
  /** AUC of the candidate less that of the champion, with its clustered 95 % interval. */
  readonly difference: Interval;
  /**
   * The same difference with a wider interval, so that the intervals of all tested slices hold together with a
   * probability of 95 %; null if the slice is too small to be tested, absent in older comparisons.
   */
  readonly simultaneous?: Interval | null;
}

/** Scores of the same rows; `scores[i]` belongs to `rows[i]`. */
export interface SliceInput {
  readonly frame: Frame;
  /** Labelled rows of the frame. */
  readonly rows: Uint32Array;
  readonly championScores: Float64Array;
  readonly candidateScores: Float64Array;
  /** Slices that the definition names; they are listed even if they are too small to be tested. */
  readonly named?: readonly NamedSlice[];
}

/**
 * Compares the models on every slice with at least 50 positive and 10 negative clusters: each category value, each quarter
 * of a number, missing values, and named slices. Smaller slices are left out unless they are named.
 *
 * Formula of `simultaneous`: value ± z √variance where z is the 1 − 0.05/(2k) quantile of the standard normal
 * distribution for k tested slices (Bonferroni), so that the probability of wrongly calling any of them worse stays
 * below 2.5 %.
 *
 * @example compareSlices({ frame, rows: evaluationRows(frame), championScores, candidateScores })
 */
export function compareSlices({
  frame,
  rows,
  championScores,
  candidateScores,
  named = [],
}: SliceInput): Slice[] {
  const measured: { slice: Slice; variance: number | null; judged: boolean }[] = [];
  for (const { kind, name, positions } of sliceRows(frame, rows, named)) {
    if (kind !== 'named' && positions.length < MIN_SLICE_CLUSTERS) continue;
    const labels = Uint8Array.from(positions, (at) => frame.labels[rows[at]!]!);
    const clusters = positions.map((at) => frame.clusters[rows[at]!]!);
    const { positiveClusters, negativeClusters } = countClusters(labels, clusters);
    const judged = positiveClusters >= MIN_SLICE_CLUSTERS && negativeClusters >= MIN_NEGATIVE_CLUSTERS;
    if (!judged && kind !== 'named') continue;
    const paired = pairedDelong({
      labels,
      clusters,
      first: Float64Array.from(positions, (at) => championScores[at]!),
      second: Float64Array.from(positions, (at) => candidateScores[at]!),
    });
    const value = paired ? paired.second - paired.first : 0;
    const variance = paired?.spread?.difference ?? null;
    const difference = differenceInterval(value, variance, DEFAULT_ALPHA);
    const slice = { name, kind, rows: positions.length, positiveClusters, negativeClusters, difference };
    measured.push({ slice, variance, judged });
  }
  const alpha = DEFAULT_ALPHA / Math.max(1, measured.filter(({ judged }) => judged).length);
  return measured.map(({ slice, variance, judged }) => ({
    ...slice,
    simultaneous: judged ? differenceInterval(slice.difference.value, variance, alpha) : null,
  }));
}

const differenceInterval = (value: number, variance: number | null, alpha: number): Interval =>
  normalInterval(value, variance, { least: -1, greatest: 1, alpha });
