// Slices: champion and candidate on parts of the evaluation rows, so that a gain overall hides no loss in a part.
import { type Frame } from '../../data/frame.ts';
import type { NamedSlice } from '../../model/schema/slices-schema.ts';
import { type Interval } from '../../data/math/interval.ts';
import { DEFAULT_ALPHA, normalInterval } from '../../data/math/auc.ts';
import { countClusters } from '../../data/math/class-clusters.ts';
import { pairedDelong } from '../../data/math/delong.ts';
import { type SliceKind, sliceRows } from './slice-rows.ts';

/** Fewest positive clusters from which a slice is judged. */
export const MIN_SLICE_CLUSTERS = 50;

/** Fewest negative ones: of fewer the variance says nothing. */
const MIN_NEGATIVE_CLUSTERS = 10;

/** What a comparison found on the rows of one slice. Plain JSON. */
export interface Slice {
  /** The column and its value, band or lack of one: `net_service = DSL`; or the name that the definition gives. */
  readonly name: string;
  /** Absent in comparisons from before there were others than `category`. */
  readonly kind?: SliceKind;
  readonly rows: number;
  readonly positiveClusters: number;
  /** Absent in comparisons from before it was kept. */
  readonly negativeClusters?: number;
  /** AUC of the candidate less that of the champion, with its clustered 95 % interval. */
  readonly difference: Interval;
  /**
   * The same with an interval that holds for all judged slices together with 95 %; null where the slice is too small
   * to be judged, absent in comparisons from before there was one.
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
  /** Slices that the definition names; they are listed whatever their size. */
  readonly named?: readonly NamedSlice[];
}

/**
 * Compares on every slice that has at least 50 positive and 10 negative clusters: each category value, each quarter of
 * a number, missing values, and those named. Smaller ones say nothing and are left out, unless they are named.
 *
 * Formula of `simultaneous`: value ± z √variance with z of 1 − 0.05/(2k) for k judged slices (Bonferroni), so that the
 * chance that any of them is wrongly called worse stays below 2.5 %.
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
