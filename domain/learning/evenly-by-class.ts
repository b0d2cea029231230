// A bounded part of many rows: evenly spaced ones of each class.

/**
 * At most `most` rows of each class, evenly spaced in the order given; ascending where the rows are. What depends on
 * the order of scores between classes alone, as an AUC does, is estimated without bias however many of each are taken.
 *
 * @param labels 0 or 1 at each of the rows @param most at least 1
 * @example evenlyByClass(frame.labels, trainingRows(frame), 25_000)
 */
export function evenlyByClass(labels: ArrayLike<number>, rows: Uint32Array, most: number): Uint32Array {
  const counts = [0, 0];
  for (const row of rows) counts[labels[row]!]! += 1;
  const seen = [0, 0];
  return rows.filter((row) => {
    const label = labels[row]!;
    const place = seen[label]!;
    seen[label] = place + 1;
    if (counts[label]! <= most) return true;
    // The k-th of the class is taken where k · most / count passes a whole number.
    return Math.floor(((place + 1) * most) / counts[label]!) > Math.floor((place * most) / counts[label]!);
  });
}
