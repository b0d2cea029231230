// Expected calibration error: how far scores are from the rates that they announce.

/** How the bins are made, in words: values of other kinds do not compare. */
export const BINNING = '10 equal-count bins';

/** Bins at most: fewer where rows of equal score fill more than one. */
export const BINS = 10;

/**
 * The mean distance between mean score and positive rate over ten bins of equal count in score order, weighted by rows;
 * in [0, 1], 0 is perfect. Rows of equal score share a bin, so the order of rows does not matter, and a constant score
 * has one bin. Labels are 0 or 1, at least one row.
 *
 * Formula: Σ over bins |Σ p − Σ y| / n (Naeini, Cooper and Hauskrecht, AAAI 2015, with equal-count bins).
 *
 * @example expectedCalibrationError([0, 1], Float64Array.of(0.5, 0.5)) // 0
 */
export function expectedCalibrationError(labels: ArrayLike<number>, scores: Float64Array): number {
  const excess = new Float64Array(BINS);
  visitInBins(scores, (row, bin) => (excess[bin]! += scores[row]! - labels[row]!));
  return excess.reduce((sum, one) => sum + Math.abs(one), 0) / scores.length;
}

/** Visits the rows in the order of their scores, each with its bin, from 0 to 9. */
export function visitInBins(scores: Float64Array, visit: (row: number, bin: number) => void): void {
  const rows = scores.length;
  const order = Uint32Array.from(scores.keys()).sort((a, b) => scores[a]! - scores[b]!);
  let bin = 0;
  for (let rank = 1; rank <= rows; rank += 1) {
    const row = order[rank - 1]!;
    visit(row, bin);
    const isTied = rank < rows && scores[order[rank]!] === scores[row];
    if (rank * BINS >= (bin + 1) * rows && !isTied) bin = Math.floor((rank * BINS) / rows);
  }
}
