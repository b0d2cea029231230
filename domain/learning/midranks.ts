// Ranks with ties sharing their mean.

/** Midranks of some values, from 1: tied values share the mean of the ranks they take. O(n log n). */
export function midranks(values: Float64Array): Float64Array {
  const order = Uint32Array.from(values, (_, index) => index).sort(
    (a, b) => (values[a] ?? 0) - (values[b] ?? 0),
  );
  const ranks = new Float64Array(values.length);
  for (let start = 0; start < order.length;) {
    let end = start + 1;
    while (end < order.length && values[order[end] ?? 0] === values[order[start] ?? 0]) end += 1;
    for (let index = start; index < end; index += 1) ranks[order[index] ?? 0] = (start + end + 1) / 2;
    start = end;
  }
  return ranks;
}
