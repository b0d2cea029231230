// Helpers for arrays of numbers: totals, sorted copies, and the next larger double.

/** Returns the sum of the counts; 0 for an empty array. @example total(Float64Array.of(2, 3)) // 5 */
export function total(counts: Float64Array): number {
  // A loop, because calling the callback of `reduce` for thousands of bins noticeably slowed reports of small windows.
  let sum = 0;
  for (let at = 0; at < counts.length; at++) sum += counts[at] as number;
  return sum;
}

/**
 * Returns a sorted copy of the values that are not NaN; infinities are at the ends.
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

// The low word comes first, because Tidegate runs only on little-endian machines. BigInts would be twenty times as slow.
const words = new Uint32Array(value64.buffer);

/**
 * Returns the smallest double greater than `value`, and Infinity for Infinity. A bin [v, nextUp(v)) contains only v.
 *
 * @example nextUp(0); // 5e-324
 */
export function nextUp(value: number): number {
  if (value === Infinity) return value;
  if (value === 0) return Number.MIN_VALUE;
  value64[0] = value;
  const low = words[0] as number;
  // The magnitude of a double grows with its bits, read as an integer; a carry goes into the high word.
  if (value > 0) {
    words[0] = low + 1;
    if (low === 0xffff_ffff) words[1]!++;
  } else {
    words[0] = low - 1;
    if (low === 0) words[1]!--;
  }
  return value64[0];
}
