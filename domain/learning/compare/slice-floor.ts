// The floor for slices: on no slice may a candidate be significantly worse than the champion by more than the floor.
import { type Slice } from './slices.ts';
import { formatInterval } from '../../data/math/interval.ts';

/** Lowest allowed difference in AUC, candidate less champion, on a slice. */
export const SLICE_FLOOR = -0.05;

/** The result of comparing slices with the floor. */
export interface SliceFloor {
  /** Number of slices that are large enough to be tested. */
  readonly judged: number;
  /** Slices whose interval, simultaneous over all tested slices, lies entirely below −0.05. */
  readonly fallen: readonly Slice[];
  /** The slice whose interval has the lowest upper end, and that end; null if none is tested. */
  readonly lowest: { readonly name: string; readonly high: number } | null;
  readonly words: string;
}

/**
 * Tests slices against the floor. In older comparisons without simultaneous intervals, the interval of each slice alone
 * is used.
 *
 * @example sliceFloor(body.slices)
 */
export function sliceFloor(slices: readonly Slice[]): SliceFloor {
  const judged = slices.flatMap((slice) => {
    const interval = slice.simultaneous === undefined ? slice.difference : slice.simultaneous;
    return interval === null ? [] : [{ slice, interval }];
  });
  const fallen = judged.filter(({ interval }) => interval.high < SLICE_FLOOR);
  const lowest = judged.toSorted((a, b) => a.interval.high - b.interval.high)[0];
  const words =
    fallen.length === 0
      ? `none of ${judged.length} slices is significantly worse by more than ${-SLICE_FLOOR}`
      : `significantly worse by more than ${-SLICE_FLOOR} on ${fallen
          .map(({ slice, interval }) => `${slice.name}: ${formatInterval(interval, SLICE_FLOOR)}`)
          .join(', ')}`;
  return {
    judged: judged.length,
    fallen: fallen.map(({ slice }) => slice),
    lowest: lowest ? { name: lowest.slice.name, high: lowest.interval.high } : null,
    words,
  };
}
