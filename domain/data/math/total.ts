// Small helpers for arrays of numbers: totals, sorted copies, and the next larger number.

/** All rows of the bins or categories together; 0 for none. @example total(Float64Array.of(2, 3)) // 5 */
export function total(counts: Float64Array): number {
  // A loop: a call of `reduce` for each of thousands of bins showed in the time of a small window's report.
  let sum = 0;
  for (let at = 0; at < counts.length; at++) sum += counts[at] as number;
  return sum;
}

/**
 * A sorted copy of the values that are not NaN; infinities are kept at the ends.
 *
 * @example sortedValues(Float64Array.of(2, NaN, 1)); // 1, 2
 */
export function sortedValues(values: Float64Array): Float64Array {
  const sorted = values.slice().sort();
  let present = sorted.length;
  while (present > 0 && Number.isNaN(sorted[present - 1])) present--;
  return sorted.subarray(0, present);
}

const value64 = new Float64Array(1);

// Tidegate runs on little-endian machines only: the low word first. BigInts would take twenty times as long.
const words = new Uint32Array(value64.buffer);

/**
 * The smallest double greater than `value`; Infinity stays. A bin [v, nextUp(v)) holds the value v and nothing else.
 *
 * @example nextUp(0); // 5e-324
 */
export function nextUp(value: number): number {
  if (value === Infinity) return value;
  if (value === 0) return Number.MIN_VALUE;
  value64[0] = value;
  const low = words[0] as number;
  // The words wrap around; a number's size grows with its bits, whatever its sign.
  if (value > 0) {
    words[0] = low + 1;
    if (low === 0xffff_ffff) words[1]!++;
  } else {
    words[0] = low - 1;
    if (low === 0) words[1]!--;
  }
  return value64[0];
}
