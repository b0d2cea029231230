// Adjusting the p-values of one report for their number.

/**
 * Benjamini-Hochberg adjusted p-values, in the order given; each in [0, 1]. Rejecting those below α keeps the expected
 * share of false alarms among all alarms at α.
 *
 * Formula: the running minimum, from the largest, of p·m/rank.
 * Source: Benjamini and Hochberg 1995.
 *
 * @example adjustPValues([0.01, 0.04, 0.03, 0.005, 0.5, 0.2]); // 0.03, 0.06, 0.06, 0.03, 0.5, 0.24
 */
export function adjustPValues(pValues: readonly number[]): number[] {
  const fromLargest = pValues.map((p, index) => ({ p, index })).sort((a, b) => b.p - a.p);
  const adjusted = new Array<number>(pValues.length);
  let least = 1;
  fromLargest.forEach(({ p, index }, position) => {
    // The ratio first: it is at least 1, so rounding cannot put the result below p.
    least = Math.min(least, p * (pValues.length / (pValues.length - position)));
    adjusted[index] = least;
  });
  return adjusted;
}
