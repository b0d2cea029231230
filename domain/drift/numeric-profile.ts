// A numeric column of a window, as counts and sums in the reference's bins.
import type { UnitScale } from './clip-range.ts';
import type { CutGrid } from './cut-grid.ts';
import { total } from './total.ts';

/** Counts and sums of a numeric column. Profiles of parts add up to the profile of the whole. */
export interface NumericProfile {
  readonly kind: 'numeric';
  readonly name: string;
  /** Rows in each bin. */
  readonly counts: Float64Array;
  /** Sums in each bin of values clipped and mapped onto [0, 1]. */
  readonly sums: Float64Array;
  readonly missing: number;
  /** Least value; Infinity where there is none. */
  readonly minimum: number;
  /** Greatest value; −Infinity where there is none. */
  readonly maximum: number;
}

/** Counts values into bins, a piece of the column at a time, in memory that does not grow with them. */
export class NumericCounter {
  readonly #name: string;
  readonly #grid: CutGrid;
  readonly #scale: UnitScale;
  readonly #counts: Float64Array;
  readonly #sums: Float64Array;
  #missing = 0;
  #minimum = Infinity;
  #maximum = -Infinity;

  constructor(name: string, grid: CutGrid, scale: UnitScale) {
    this.#name = name;
    this.#grid = grid;
    this.#scale = scale;
    this.#counts = new Float64Array(grid.cuts.length + 1);
    this.#sums = new Float64Array(grid.cuts.length + 1);
  }

  /** Counts values; NaN is missing. */
  add(values: Float64Array): void {
    const { cuts, before, origin, perCell, lastCell } = this.#grid;
    const { half, low, perUnit } = this.#scale;
    const counts = this.#counts;
    const sums = this.#sums;
    let missing = 0;
    let minimum = this.#minimum;
    let maximum = this.#maximum;
    for (let row = 0; row < values.length; row++) {
      const value = values[row] as number;
      if (value !== value) {
        missing++;
        continue;
      }
      if (value < minimum) minimum = value;
      if (value > maximum) maximum = value;
      // `cellOf` of the grid and `toUnit` of the scale, written out: as calls they would take as long again as the rest.
      const place = (value - origin) * perCell;
      const cell = place > 0 ? (place < lastCell ? place | 0 : lastCell) : 0;
      const unit = (value * half - low) * perUnit;
      // Most cells hold no cut, or one; the halving is for cells in the crowded end of a skewed column.
      let bin = before[cell] as number;
      let end = before[cell + 1] as number;
      while (end - bin > 4) {
        const middle = (bin + end) >>> 1;
        if ((cuts[middle] as number) <= value) bin = middle + 1;
        else end = middle;
      }
      while (bin < end && (cuts[bin] as number) <= value) bin++;
      counts[bin]!++;
      sums[bin]! += unit > 0 ? (unit < 1 ? unit : 1) : 0;
    }
    this.#missing += missing;
    this.#minimum = minimum;
    this.#maximum = maximum;
  }

  /** The profile of all values so far; the counter is not used after it. */
  profile(): NumericProfile {
    return {
      kind: 'numeric',
      name: this.#name,
      counts: this.#counts,
      sums: this.#sums,
      missing: this.#missing,
      minimum: this.#minimum,
      maximum: this.#maximum,
    };
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
  };
}

/** Values that are not missing. */
export const presentNumbers = (profile: NumericProfile): number => total(profile.counts);
