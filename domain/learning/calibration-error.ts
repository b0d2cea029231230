// Expected calibration error.

const BINS = 10;

/**
 * Expected calibration error over ten bins of equal count: the mean, weighted by size, of |mean score − share of
 * positives| in each bin; 0 to 1 (Naeini et al. 2015, with equal-count bins).
 */
export function calibrationError(labels: Uint8Array, scores: Float64Array): number {
  const order = Uint32Array.from(scores.keys()).sort((a, b) => (scores[a] ?? 0) - (scores[b] ?? 0) || a - b);
  let error = 0;
  for (let bin = 0; bin < BINS; bin += 1) {
    const rows = order.subarray(
      Math.floor((bin * order.length) / BINS),
      Math.floor(((bin + 1) * order.length) / BINS),
    );
    let gap = 0;
    for (const row of rows) gap += (scores[row] ?? 0) - (labels[row] ?? 0);
    error += Math.abs(gap) / order.length;
  }
  return error;
}
