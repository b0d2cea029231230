// A sample in ascending order, without its missing values.

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
