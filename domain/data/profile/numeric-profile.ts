// A numeric column of a window, as counts and sums in the reference's bins.
import type { UnitScale } from './clip-range.ts';
import { cellOf, type CutGrid } from './cut-grid.ts';
import { addMoments, type Moments, momentsOf, NO_MOMENTS } from '../math/moments.ts';
import { total } from '../math/total.ts';

/** Counts and sums of a numeric column. Profiles of parts add up to the profile of the whole. */
export interface NumericProfile {
  readonly kind: 'numeric';
  readonly name: string;
  /** Rows in each bin. */
  readonly counts: Float64Array;
  /** Sums in each bin of values clipped and mapped onto [0, 1]. */
  readonly sums: Float64Array;
  readonly missing: number;
  /** Least value; Infinity if there is none. */
  readonly minimum: number;
  /** Greatest value; −Infinity if there is none. */
  readonly maximum: number;
  /** Of the values as they are, not clipped; null in a profile that was stored before these were counted. */
  readonly moments: Moments | null;
}

/** Least sum of squares that says how far values lie from each other: below it the square of a distance may have vanished. */
const MIN_SQUARES = 1e-250;

/** Least part of the squares about any point that must remain about the mean: below it too many digits have cancelled. */
const MIN_LEFT = 1e-6;

/** Counts values into bins, a piece of the column at a time, in memory that does not grow with them. */
export class NumericCounter {
  readonly #name: string;
  readonly #grid: CutGrid;
  readonly #scale: UnitScale;
  /** The count of each bin with its sum beside it: they are changed together. */
  readonly #bins: Float64Array;
  #missing = 0;
  #minimum = Infinity;
  #maximum = -Infinity;
  #moments = NO_MOMENTS;
  /** Cells strictly between those of the extremes: the first, and how many. */
  #firstInner = 0;
  #innerCells = 0;

  constructor(name: string, grid: CutGrid, scale: UnitScale) {
    this.#name = name;
    this.#grid = grid;
    this.#scale = scale;
    this.#bins = new Float64Array(2 * (grid.cuts.length + 1));
  }

  /** Counts values; NaN is missing. */
  add(values: Float64Array): void {
    const { cuts, bins, origin, perCell, lastCell } = this.#grid;
    const { half, low, perUnit } = this.#scale;
    const counted = this.#bins;
    let firstInner = this.#firstInner;
    let innerCells = this.#innerCells;
    const missingBefore = this.#missing;
    // Distances from a value of the piece itself: their squares keep the digits that those of the values would lose.
    const near = values.find(Number.isFinite) ?? 0;
    let distances = 0;
    let squares = 0;
    for (let row = 0; row < values.length; row++) {
      const value = values[row] as number;
      // `cellOf` of the grid and `toUnit` of the scale, written out: as calls they would take as long again as the rest.
      const place = (value - origin) * perCell;
      const cell = place > 0 ? (place < lastCell ? place | 0 : lastCell) : 0;
      // One comparison of whole numbers says that a value is neither missing, as that is in cell 0, nor an extreme.
      if ((cell - firstInner) >>> 0 >= innerCells) {
        if (value !== value) {
          this.#missing++;
          continue;
        }
        if (value < this.#minimum || value > this.#maximum) {
          this.#widen(value);
          firstInner = this.#firstInner;
          innerCells = this.#innerCells;
        }
      }
      let bin = bins[cell] as number;
      if (bin < 0) {
        bin = ~bin;
        const next = bins[cell + 1] as number;
        let end = next < 0 ? ~next : next;
        // The halving is for cells in the crowded end of a skewed column.
        while (end - bin > 4) {
          const middle = (bin + end) >>> 1;
          if ((cuts[middle] as number) <= value) bin = middle + 1;
          else end = middle;
        }
        while (bin < end && (cuts[bin] as number) <= value) bin++;
      }
      const unit = (value * half - low) * perUnit;
      const at = bin << 1;
      counted[at]!++;
      counted[at + 1]! += unit > 0 ? (unit < 1 ? unit : 1) : 0;
      const distance = value - near;
      distances += distance;
      squares += distance * distance;
    }
    const present = values.length - (this.#missing - missingBefore);
    this.#addMoments(values, present, near, distances, squares);
  }

  /** The profile of all values so far; the counter is not used after it. */
  profile(): NumericProfile {
    const size = this.#bins.length / 2;
    const counts = new Float64Array(size);
    const sums = new Float64Array(size);
    for (let bin = 0; bin < size; bin++) {
      counts[bin] = this.#bins[2 * bin] as number;
      sums[bin] = this.#bins[2 * bin + 1] as number;
    }
    return {
      kind: 'numeric',
      name: this.#name,
      counts,
      sums,
      missing: this.#missing,
      minimum: this.#minimum,
      maximum: this.#maximum,
      moments: this.#moments,
    };
  }

  /** Adds the moments of a piece: from its sums if these hold them, else by going through it again. */
  #addMoments(values: Float64Array, present: number, near: number, distances: number, squares: number): void {
    if (present === 0) return;
    const left = squares - (distances * distances) / present;
    const isOneValue = squares === 0 && this.#minimum === this.#maximum;
    // Infinities among the values, or squares that overflow, make the sum infinite or no number.
    const holds = isOneValue || (squares >= MIN_SQUARES && squares < Infinity && left >= squares * MIN_LEFT);
    const piece = holds
      ? { finite: present, mean: near + distances / present, sd: Math.sqrt(left / present) }
      : momentsOf(values);
    this.#moments = addMoments(this.#moments, piece);
  }

  #widen(value: number): void {
    const { origin, perCell, lastCell } = this.#grid;
    this.#minimum = Math.min(this.#minimum, value);
    this.#maximum = Math.max(this.#maximum, value);
    this.#firstInner = cellOf(this.#minimum, origin, perCell, lastCell) + 1;
    const last = cellOf(this.#maximum, origin, perCell, lastCell);
    this.#innerCells = Math.max(0, last - this.#firstInner);
  }
}

/** The profile of values (NaN missing) in the bins of `grid`. */
export function profileNumbers(
  name: string,
  values: Float64Array,
  grid: CutGrid,
  scale: UnitScale,
): NumericProfile {
  const counter = new NumericCounter(name, grid, scale);
  counter.add(values);
  return counter.profile();
}

/** The profile of both parts together; they must have been made with the same bins. */
export function addNumericProfiles(a: NumericProfile, b: NumericProfile): NumericProfile {
  return {
    kind: 'numeric',
    name: a.name,
    counts: a.counts.map((count, bin) => count + (b.counts[bin] as number)),
    sums: a.sums.map((sum, bin) => sum + (b.sums[bin] as number)),
    missing: a.missing + b.missing,
    minimum: Math.min(a.minimum, b.minimum),
    maximum: Math.max(a.maximum, b.maximum),
    moments: a.moments && b.moments && addMoments(a.moments, b.moments),
  };
}

/** Values that are not missing. */
export const presentNumbers = (profile: NumericProfile): number => total(profile.counts);
