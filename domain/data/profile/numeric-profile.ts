// The profile of a numeric column of a window: counts and sums in the bins of the reference.
import type { UnitScale } from './clip-range.ts';
import { cellOf, type EdgeGrid } from './edge-grid.ts';
import { addMoments, type Moments, momentsOf, NO_MOMENTS } from '../math/moments.ts';
import { total } from '../math/total.ts';

/** Counts and sums of a numeric column. The profiles of two parts of a window can be added. */
export interface NumericProfile {
  readonly kind: 'numeric';
  readonly name: string;
  /** Number of rows in each bin. */
  readonly counts: Float64Array;
  /** For each bin, the sum of its values after clipping and mapping onto [0, 1]. */
  readonly sums: Float64Array;
  readonly missing: number;
  /** Smallest value; Infinity if there is none. */
  readonly minimum: number;
  /** Largest value; −Infinity if there is none. */
  readonly maximum: number;
  /** Moments of the unclipped values; null in profiles that were stored before moments were computed. */
  readonly moments: Moments | null;
}

/** The smallest sum of squares that can be trusted; below it, the square of a distance may have underflowed. */
const MIN_SQUARES = 1e-250;

/** The share of the sum of squares that must remain after centring on the mean; below it, too many digits have cancelled. */
const MIN_LEFT = 1e-6;

/** Counts the values of a column into bins, one chunk at a time. Memory does not grow with the number of values. */
export class NumericCounter {
  readonly #name: string;
  readonly #grid: EdgeGrid;
  readonly #scale: UnitScale;
  /** The count of each bin followed by its sum, next to each other because they are updated together. */
  readonly #bins: Float64Array;
  #missing = 0;
  #minimum = Infinity;
  #maximum = -Infinity;
  #moments = NO_MOMENTS;
  /** The cells strictly between those of the minimum and the maximum: the first one, and their number. */
  #firstInner = 0;
  #innerCells = 0;

  constructor(name: string, grid: EdgeGrid, scale: UnitScale) {
    this.#name = name;
    this.#grid = grid;
    this.#scale = scale;
    this.#bins = new Float64Array(2 * (grid.edges.length + 1));
  }

  /** Counts values; NaN means that the value is missing. */
  add(values: Float64Array): void {
    const { edges, bins, origin, perCell, lastCell } = this.#grid;
    const { half, low, perUnit } = this.#scale;
    const counted = this.#bins;
    let firstInner = this.#firstInner;
    let innerCells = this.#innerCells;
    const missingBefore = this.#missing;
    // Adds up distances from one value of the chunk, because the squares of the values themselves would lose digits.
    const near = values.find(Number.isFinite) ?? 0;
    let distances = 0;
    let squares = 0;
    for (let row = 0; row < values.length; row++) {
      const value = values[row] as number;
      // `cellOf` of the grid and `toUnit` of the scale are inlined; calling them would double the time of the loop.
      const place = (value - origin) * perCell;
      const cell = place > 0 ? (place < lastCell ? place | 0 : lastCell) : 0;
      // One integer comparison is false for most values: those that are neither missing (cell 0) nor a possible new
      // minimum or maximum.
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
        // Binary search, for cells with many edges at the crowded end of a skewed column.
        while (end - bin > 4) {
          const middle = (bin + end) >>> 1;
          if ((edges[middle] as number) <= value) bin = middle + 1;
          else end = middle;
        }
        while (bin < end && (edges[bin] as number) <= value) bin++;
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

  /** Returns the profile of all values so far. Do not use the counter afterwards. */
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

  /** Adds the moments of a chunk: from its sums if they are accurate enough, otherwise by a second pass over it. */
  #addMoments(values: Float64Array, present: number, near: number, distances: number, squares: number): void {
    if (present === 0) return;
    const left = squares - (distances * distances) / present;
    const isOneValue = squares === 0 && this.#minimum === this.#maximum;
    // If values are infinite or squares overflow, the sum is infinite or NaN.
    const isAccurate =
      isOneValue || (squares >= MIN_SQUARES && squares < Infinity && left >= squares * MIN_LEFT);
    const chunk = isAccurate
      ? { finite: present, mean: near + distances / present, sd: Math.sqrt(left / present) }
      : momentsOf(values);
    this.#moments = addMoments(this.#moments, chunk);
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

/** Returns the profile of values in the bins of `grid`; NaN means that the value is missing. */
export function profileNumbers(
  name: string,
  values: Float64Array,
  grid: EdgeGrid,
  scale: UnitScale,
): NumericProfile {
  const counter = new NumericCounter(name, grid, scale);
  counter.add(values);
  return counter.profile();
}

/** Returns the profile of two parts together, which must have been counted in the same bins. */
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

/** Returns the number of values that are not missing. */
export const presentNumbers = (profile: NumericProfile): number => total(profile.counts);
