// The sum of counts.

/** All rows of the bins or categories together; 0 for none. @example total(Float64Array.of(2, 3)) // 5 */
export function total(counts: Float64Array): number {
  // A loop: a call of `reduce` for each of thousands of bins showed in the time of a small window's report.
  let sum = 0;
  for (let at = 0; at < counts.length; at++) sum += counts[at] as number;
  return sum;
}
