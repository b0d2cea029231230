// The shape of a column on both sides, coarse enough to be drawn beside its verdict.
import { apart } from '../numbers-in-words.ts';
import { type CategoryProfile, type CategoryReference, unseenRows } from './category-profile.ts';
import { fromUnit } from './clip-range.ts';
import { type NumericProfile } from './numeric-profile.ts';
import { type NumericReference } from './numeric-reference.ts';
import { total } from './total.ts';

/** Shares of both sides in the same cells; each side adds up to 1, to four digits. */
export interface Histogram {
  /** Lower ends of the cells of a number, in the column's unit; the values of a category. */
  readonly cells: readonly (number | string)[];
  readonly reference: readonly number[];
  readonly window: readonly number[];
}

/** Cells of a numeric column, all equally wide. */
const NUMBER_CELLS = 16;

/** Values of a category column that are shown by name. */
const MOST_CATEGORIES = 12;

/** Name of the cell of all other values; it is not shown where it is empty on both sides. */
const OTHER = '(other values)';

/**
 * The histogram of a number over the reference's clip range, values beyond it in the outermost cells. A bin of the
 * profile counts where the mean of its values lies. Null where a side is empty or the range is one value.
 *
 * @example numberHistogram(reference, profile)?.window // [0.01, 0.04, …]
 */
export function numberHistogram(reference: NumericReference, profile: NumericProfile): Histogram | null {
  const { range } = reference;
  if (range === null || range.low === range.high) return null;
  const before = cellsOf(reference.profile);
  const now = cellsOf(profile);
  if (before === null || now === null) return null;
  const ends = before.map((_, cell) => fromUnit(range, cell / NUMBER_CELLS));
  const cells = apart(ends, 6).map(Number);
  return { cells, reference: before, window: now };
}

/**
 * The histogram of a category over the reference's most frequent values; the rest, values that it has never seen among
 * them, are together. Null where a side is empty.
 */
export function categoryHistogram(reference: CategoryReference, profile: CategoryProfile): Histogram | null {
  const kept = Math.min(MOST_CATEGORIES, reference.values.length);
  const side = (counts: Float64Array, others: number): number[] | null => {
    const size = total(counts) + others;
    if (size === 0) return null;
    const named = counts.subarray(0, kept);
    return [...Array.from(named, (count) => share(count, size)), share(size - total(named), size)];
  };
  const before = side(reference.counts, reference.other);
  const now = side(profile.counts, unseenRows(profile));
  if (before === null || now === null) return null;
  const cells = [...reference.values.slice(0, kept), OTHER];
  const isShown = (_: unknown, cell: number): boolean =>
    cell < kept || (before[cell] ?? 0) > 0 || (now[cell] ?? 0) > 0;
  return { cells: cells.filter(isShown), reference: before.filter(isShown), window: now.filter(isShown) };
}

function cellsOf({ counts, sums }: NumericProfile): number[] | null {
  const size = total(counts);
  if (size === 0) return null;
  const cells = new Float64Array(NUMBER_CELLS);
  for (let bin = 0; bin < counts.length; bin++) {
    const count = counts[bin] as number;
    if (count === 0) continue;
    const cell = Math.floor(((sums[bin] as number) / count) * NUMBER_CELLS);
    cells[Math.max(0, Math.min(NUMBER_CELLS - 1, cell))]! += count;
  }
  return Array.from(cells, (count) => share(count, size));
}

const share = (count: number, size: number): number => Number((count / size).toFixed(4));
