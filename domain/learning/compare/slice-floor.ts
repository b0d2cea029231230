// The floor for slices: on none of them may a candidate be surely worse than the champion by more than it.
import { type Slice } from './slices.ts';
import { intervalInWords } from '../../data/math/interval.ts';

/** How much of the AUC a slice may lose. */
export const SLICE_FLOOR = -0.05;

/** What the floor found. */
export interface SliceFloor {
  /** Slices that are large enough to be judged. */
  readonly judged: number;
  /** Those whose interval, holding for all judged ones together, lies wholly below −0.05. */
  readonly fallen: readonly Slice[];
  /** The slice whose interval ends lowest, and where; null where none is judged. */
  readonly lowest: { readonly name: string; readonly high: number } | null;
  readonly words: string;
}

/** Judges slices. Comparisons from before intervals held together are judged by the single ones. @example sliceFloor(body.slices) */
export function sliceFloor(slices: readonly Slice[]): SliceFloor {
  const judged = slices.flatMap((slice) => {
    const interval = slice.simultaneous === undefined ? slice.difference : slice.simultaneous;
    return interval === null ? [] : [{ slice, interval }];
  });
  const fallen = judged.filter(({ interval }) => interval.high < SLICE_FLOOR);
  const lowest = judged.toSorted((a, b) => a.interval.high - b.interval.high)[0];
  const words =
    fallen.length === 0
      ? `none of ${judged.length} slices is surely worse by more than ${-SLICE_FLOOR}`
      : `surely worse by more than ${-SLICE_FLOOR} on ${fallen
          .map(({ slice, interval }) => `${slice.name}: ${intervalInWords(interval, SLICE_FLOOR)}`)
          .join(', ')}`;
  return {
    judged: judged.length,
    fallen: fallen.map(({ slice }) => slice),
    lowest: lowest ? { name: lowest.slice.name, high: lowest.interval.high } : null,
    words,
  };
}
