// Finds the bin of a number in constant time for most numbers.

/**
 * A uniform grid over the middle of the cuts that points into them. A value's cell says its bin at once where no cut
 * lies in it, and otherwise which few cuts are left to look at: eleven times as fast as a plain binary search over 1 023
 * cuts.
 */
export interface CutGrid {
  readonly cuts: Float64Array;
  readonly origin: number;
  readonly perCell: number;
  readonly lastCell: number;
  /**
   * For each cell the number of cuts in cells before it: the bin of its values. Where cuts lie in the cell, that number
   * with all bits turned, below 0. One more at the end for all cuts.
   */
  readonly bins: Int16Array | Int32Array;
}

// With so many, 15 of 16 cells hold no cut, and the table of 32,768 still lies in the cache.
const CELLS_PER_CUT = 16;
const MAX_CELLS = 32_768;
const TAIL = 0.01;

/** The grid of ascending cuts. */
export function cutGrid(cuts: Float64Array): CutGrid {
  const cells = Math.min(MAX_CELLS, Math.max(1, cuts.length * CELLS_PER_CUT));
  // The outermost cuts may lie anywhere, at infinity even; a grid over all of them could hold the rest in one cell.
  const tail = Math.floor(cuts.length * TAIL);
  const origin = cuts[tail] ?? 0;
  const span = (cuts[cuts.length - 1 - tail] ?? 0) - origin;
  const perCell = Number.isFinite(span) && span > 0 ? cells / span : 0;
  const lastCell = cells - 1;
  const bins = cuts.length < 2 ** 15 ? new Int16Array(cells + 1) : new Int32Array(cells + 1);
  let filled = 0;
  for (let at = 0; at < cuts.length;) {
    const cell = cellOf(cuts[at] as number, origin, perCell, lastCell);
    bins.fill(at, filled, cell);
    bins[cell] = ~at;
    filled = cell + 1;
    do at++;
    while (at < cuts.length && cellOf(cuts[at] as number, origin, perCell, lastCell) === cell);
  }
  bins.fill(cuts.length, filled);
  return { cuts, origin, perCell, lastCell, bins };
}

/** The cell of a value; NaN has the first. Never descending in its value, rounding included. */
export function cellOf(value: number, origin: number, perCell: number, lastCell: number): number {
  const place = (value - origin) * perCell;
  return place > 0 ? (place < lastCell ? place | 0 : lastCell) : 0;
}
