// Learns an encoding from training rows.
import { byCodeUnits } from '../../canonical-json.ts';
import { type CategoryColumn, type Frame, MISSING_CODE, type NumericColumn } from '../../data/frame.ts';
import { type CategoryEncoding, columnWidth, type Encoding, type NumericEncoding } from './encoding.ts';

/** Maximum number of levels of a category with a column of their own; rarer levels share `other`. */
export const MAX_LEVELS = 200;

// A standard deviation below this share of the largest value is rounding error; one below the smallest normal number cannot
// be divided by.
const SMALLEST_SPREAD = 1e-12;
const SMALLEST_NORMAL = 2 ** -1022;

/**
 * Learns the encoding of a frame's features from the given rows.
 *
 * Numbers are standardised. NaN and ±Infinity count as missing and are replaced by the mean; an indicator column marks them
 * if training has both missing and present values. A category has one column for each of its 200 most common levels, one
 * for all other values and one for missing, the last two only if training has such values. Constant columns are dropped.
 *
 * @example fitEncoding(frame, trainingRows(frame))
 */
export function fitEncoding(frame: Frame, rows: Uint32Array): Encoding {
  const columns = frame.features.map((column) =>
    column.kind === 'numeric' ? fitNumeric(column, rows) : fitCategory(column, rows),
  );
  const dropped = columns.filter((column) => columnWidth(column) === 0).map(({ name }) => name);
  return { columns, dropped };
}

function fitNumeric({ name, values }: NumericColumn, rows: Uint32Array): NumericEncoding {
  const present = finiteValues(values, rows);
  const missing = present.length > 0 && present.length < rows.length;
  return { kind: 'numeric', name, scale: fitScale(present), missing };
}

// Plain loops here and below, because a function call per value would take many times as long as the work itself.
function finiteValues(values: Float64Array, rows: Uint32Array): Float64Array {
  const present = new Float64Array(rows.length);
  let count = 0;
  for (const row of rows) {
    const value = values[row]!;
    if (Number.isFinite(value)) present[count++] = value;
  }
  return present.subarray(0, count);
}

/** Fits mean and standard deviation, in units of the largest value so that sums and squares of ±1e308 do not overflow. */
function fitScale(values: Float64Array): { mean: number; sd: number } | null {
  let unit = 0;
  for (const value of values) unit = Math.max(unit, Math.abs(value));
  if (unit === 0) return null;
  let sum = 0;
  for (const value of values) sum += value / unit;
  const rough = sum / values.length;
  let squares = 0;
  let left = 0;
  for (const value of values) {
    const distance = value / unit - rough;
    left += distance;
    squares += distance ** 2;
  }
  // Corrects the rounding error of the mean, which would make sd too large for many values far from 0 (Chan et al. 1983).
  const mean = rough + left / values.length;
  const sd = Math.sqrt(Math.max(0, squares - (left * left) / values.length) / values.length) * unit;
  return sd <= Math.max(SMALLEST_SPREAD * unit, SMALLEST_NORMAL) ? null : { mean: mean * unit, sd };
}

function fitCategory({ name, codes, dictionary }: CategoryColumn, rows: Uint32Array): CategoryEncoding {
  const counts = new Uint32Array(dictionary.length);
  let absent = 0;
  for (const row of rows) {
    const code = codes[row] ?? MISSING_CODE;
    if (code === MISSING_CODE) absent += 1;
    else counts[code]! += 1;
  }
  const seen = dictionary.flatMap((value, code) =>
    counts[code]! > 0 ? [{ value, count: counts[code]! }] : [],
  );
  seen.sort((a, b) => b.count - a.count || byCodeUnits(a.value, b.value));
  if (seen.length + Number(absent > 0) < 2)
    return { kind: 'category', name, levels: [], other: false, missing: false };
  const levels = seen.slice(0, MAX_LEVELS).map(({ value }) => value);
  return {
    kind: 'category',
    name,
    levels: levels.sort(byCodeUnits),
    other: seen.length > MAX_LEVELS,
    missing: absent > 0,
  };
}
