// The range to which numbers are clipped before their distance is measured.

/** Clip bounds of a column: low ≤ high, both finite. */
export interface ClipRange {
  readonly low: number;
  readonly high: number;
}

/**
 * Returns the 0.5 % and 99.5 % quantiles (linear between neighbours) of the finite values of a sorted sample. If the two
 * are equal, returns minimum and maximum, so that a column with one dominant value keeps its other values. Returns null
 * if no value is finite.
 *
 * @example clipRange(Float64Array.of(1, 2, 3)); // { low: 1.01, high: 2.99 }
 */
export function clipRange(sorted: Float64Array): ClipRange | null {
  const finite = finitePart(sorted);
  const first = finite[0];
  const last = finite.at(-1);
  if (first === undefined || last === undefined) return null;
  const low = quantile(finite, 0.005);
  const high = quantile(finite, 0.995);
  return low < high ? { low, high } : { low: first, high: last };
}

/** Returns the finite values of a sorted sample, in which infinities are at the ends. */
function finitePart(sorted: Float64Array): Float64Array {
  let first = 0;
  let end = sorted.length;
  while (first < end && sorted[first] === -Infinity) first++;
  while (first < end && sorted[end - 1] === Infinity) end--;
  return sorted.subarray(first, end);
}

function quantile(sorted: Float64Array, share: number): number {
  const position = share * (sorted.length - 1);
  const below = Math.floor(position);
  const a = sorted[below] as number;
  const b = sorted[Math.min(below + 1, sorted.length - 1)] as number;
  const part = position - below;
  const distance = b - a;
  // The distance between ±1e308 overflows.
  const value = distance === Infinity ? a * (1 - part) + b * part : a + distance * part;
  // Adding 0 turns −0 into 0, which would otherwise be a different bin edge.
  return value + 0;
}

/**
 * Maps a clip range linearly onto [0, 1]. Distances are measured on that scale, where neither infinities nor ±1e308 can
 * overflow a sum of clipped values. The scale cancels out, because distances are finally divided by a standard
 * deviation on the same scale.
 */
export interface UnitScale {
  /** 1, or 0.5 if the width of the range overflows. */
  readonly half: number;
  /** The low end of the range, times `half`. */
  readonly low: number;
  /** 1 divided by the width of the range after both ends were multiplied by `half`. */
  readonly perUnit: number;
}

/** Returns the scale of a range. If the range is null or a single value, the scale maps everything to 0. */
export function unitScale(range: ClipRange | null): UnitScale {
  if (range === null || range.low === range.high) return { half: 0, low: 0, perUnit: 0 };
  const half = range.high - range.low === Infinity ? 0.5 : 1;
  const low = range.low * half;
  return { half, low, perUnit: 1 / (range.high * half - low) };
}

/** Clips values and maps them onto [0, 1]. Missing values stay NaN, and no other value becomes NaN. */
export function toUnits(values: Float64Array, { half, low, perUnit }: UnitScale): Float64Array {
  const units = new Float64Array(values.length);
  for (let row = 0; row < values.length; row++) {
    const value = values[row] as number;
    units[row] = value !== value ? NaN : toUnit(value, half, low, perUnit);
  }
  return units;
}

function toUnit(value: number, half: number, low: number, perUnit: number): number {
  const unit = (value * half - low) * perUnit;
  // Infinity times zero is NaN, for which the comparison is false, so that the result is 0.
  return unit > 0 ? (unit < 1 ? unit : 1) : 0;
}

/** Returns the value of the range at a position in [0, 1]. */
export const fromUnit = ({ low, high }: ClipRange, unit: number): number => low * (1 - unit) + high * unit;
