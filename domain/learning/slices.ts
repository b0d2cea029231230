// Slices: champion and candidate on parts of the evaluation rows, so that a gain overall hides no loss in a part.
import { type Frame } from '../features/frame.ts';
import { type Interval } from '../lifecycle/interval.ts';
import { compare } from './comparison.ts';

/** Fewest positive clusters from which a slice is judged. */
export const MIN_SLICE_CLUSTERS = 50;

/** What a comparison found on the rows of one category value. Plain JSON. */
export interface Slice {
  /** The column and its value: `net_service = DSL`. */
  readonly name: string;
  readonly rows: number;
  readonly positiveClusters: number;
  /** AUC of the candidate less that of the champion, with its clustered interval. */
  readonly difference: Interval;
}

/** Scores of the same rows; `scores[i]` belongs to `rows[i]`. */
export interface SliceInput {
  readonly frame: Frame;
  /** Labelled rows of the frame. */
  readonly rows: Uint32Array;
  readonly championScores: Float64Array;
  readonly candidateScores: Float64Array;
}

/**
 * Compares on each value of each category column that has at least 50 positive clusters and a negative one; smaller
 * slices say nothing and are left out.
 *
 * @example compareSlices({ frame, rows: evaluationRows(frame), championScores, candidateScores })
 */
export function compareSlices({ frame, rows, championScores, candidateScores }: SliceInput): Slice[] {
  const slices: Slice[] = [];
  for (const column of frame.features) {
    if (column.kind !== 'category') continue;
    const positions = positionsByCode(column.codes, rows, column.dictionary.length);
    column.dictionary.forEach((value, code) => {
      const chosen = positions[code] ?? [];
      if (chosen.length < MIN_SLICE_CLUSTERS) return;
      const { positiveClusters, negativeClusters, difference } = compare({
        labels: chosen.map((at) => frame.labels[rows[at] ?? 0] ?? 0),
        clusters: chosen.map((at) => frame.clusters[rows[at] ?? 0] ?? 0),
        championScores: pick(championScores, chosen),
        candidateScores: pick(candidateScores, chosen),
      });
      if (positiveClusters < MIN_SLICE_CLUSTERS || negativeClusters === 0) return;
      const { value: mean, low, high } = difference;
      slices.push({
        name: `${column.name} = ${value}`,
        rows: chosen.length,
        positiveClusters,
        difference: { value: mean, low, high },
      });
    });
  }
  return slices;
}

/** For each code, the positions in `rows` that hold it; missing values are in none. */
function positionsByCode(codes: Uint32Array, rows: Uint32Array, size: number): number[][] {
  const positions = Array.from({ length: size }, (): number[] => []);
  rows.forEach((row, at) => positions[codes[row] ?? size]?.push(at));
  return positions;
}

const pick = (scores: Float64Array, chosen: readonly number[]): Float64Array =>
  Float64Array.from(chosen, (at) => scores[at] ?? NaN);
