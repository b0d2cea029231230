// The range that numbers are clipped to before their distance is measured.

/** Clip bounds of a column, low ≤ high, both finite. */
export interface ClipRange {
  readonly low: number;
  readonly high: number;
}

/**
 * The 0.5 % and 99.5 % quantiles (linear between neighbours) of a sorted sample's finite values; its minimum and
 * maximum where the two coincide, so that a column of mostly one value keeps the rest of its values. Null where no
 * value is finite.
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

/** The finite values of a sorted sample: infinities stand at its ends. */
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
  // ±1e308 are further apart than any number.
  const value = distance === Infinity ? a * (1 - part) + b * part : a + distance * part;
  // Adding 0 turns −0 into 0, which would otherwise be another cut.
  return value + 0;
}

/**
 * The map of a clip range onto [0, 1]. Distances are measured there: they are divided by a standard deviation in the
 * end, and neither infinities nor ±1e308 can overflow a sum of clipped values.
 */
export interface UnitScale {
  /** 1, or 0.5 for ranges wider than any number. */
  readonly half: number;
  /** The low end of the range, times `half`. */
  readonly low: number;
  /** 1 over the width of the range, times `half`. */
  readonly perUnit: number;
}

/** The scale of a range; a range of one value, or none, maps everything to 0. */
export function unitScale(range: ClipRange | null): UnitScale {
  if (range === null || range.low === range.high) return { half: 0, low: 0, perUnit: 0 };
  const half = range.high - range.low === Infinity ? 0.5 : 1;
  const low = range.low * half;
  return { half, low, perUnit: 1 / (range.high * half - low) };
}

/** Values clipped and mapped onto [0, 1]; a missing value stays NaN, and no other becomes it. */
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
  // The comparison is false for NaN, which infinity times zero would give.
  return unit > 0 ? (unit < 1 ? unit : 1) : 0;
}

/** The value at a place of [0, 1]. */
export const fromUnit = ({ low, high }: ClipRange, unit: number): number => low * (1 - unit) + high * unit;
