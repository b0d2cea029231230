// Expected calibration error: how far scores are from the rates that they announce.

/** How the bins are made, in words: values of other kinds do not compare. */
export const BINNING = '10 equal-count bins';

const BINS = 10;

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
  const rows = scores.length;
  const order = Uint32Array.from(scores.keys()).sort((a, b) => scores[a]! - scores[b]!);
  let total = 0;
  let excess = 0;
  let bin = 1;
  for (let rank = 1; rank <= rows; rank += 1) {
    const score = scores[order[rank - 1]!]!;
    excess += score - labels[order[rank - 1]!]!;
    const isTied = rank < rows && scores[order[rank]!] === score;
    if (rank * BINS < bin * rows || isTied) continue;
    total += Math.abs(excess);
    excess = 0;
    bin = Math.floor((rank * BINS) / rows) + 1;
  }
  return total / rows;
}
