// Chooses the cutoff time of a temporal holdout: models learn from rows before it and are tested on rows after it.
import { type Frame } from '../data/frame.ts';
import { countClusters, MIN_CLUSTERS } from '../data/math/class-clusters.ts';

/** A cutoff time, or why there is none. */
export type CutoffTime =
  | {
      /** Microseconds since 1970 UTC, at a whole millisecond. The tested rows are later. */
      readonly cut: bigint;
      /** Number of distinct row times in the frame. */
      readonly rowTimes: number;
      /** The rows after the cutoff, ascending. */
      readonly rows: Uint32Array;
    }
  | { readonly cut: null; readonly reason: string };

/**
 * Returns the latest row time with at least half of the rows after it. If fewer than 50 clusters of a class come after it,
 * returns the earliest row time instead, or none if that leaves too few as well.
 *
 * @param frame evaluation rows and no others, at least one
 * @example cutoffTime(frame).cut
 */
export function cutoffTime(frame: Frame): CutoffTime {
  const sorted = frame.times.slice().sort();
  const earliest = wholeMillisecond(sorted[0] ?? 0n);
  const rowTimes = sorted.reduce(
    (count, time, at) => (at > 0 && time === sorted[at - 1] ? count : count + 1),
    0,
  );
  if (rowTimes < 2) return { cut: null, reason: 'the evaluation rows have one row time' };
  const middle = sorted[Math.floor(sorted.length / 2)]!;
  const before = sorted.findLast((time) => time < middle);
  let enough = 0;
  for (const cut of new Set([before === undefined ? earliest : wholeMillisecond(before), earliest])) {
    const rows = Uint32Array.from(frame.times.keys()).filter((row) => frame.times[row]! > cut);
    enough = minClusters(frame, rows);
    if (enough >= MIN_CLUSTERS) return { cut, rowTimes, rows };
  }
  return {
    cut: null,
    reason: `after the first row time there are ${enough} holdout clusters of the rarer class, fewer than ${MIN_CLUSTERS}`,
  };
}

// Rounds up: a Date has milliseconds, and no row at the cutoff may count as later.
const wholeMillisecond = (micros: bigint): bigint => ((micros + 999n) / 1_000n) * 1_000n;

function minClusters({ labels, clusters }: Frame, rows: Uint32Array): number {
  const { positiveClusters, negativeClusters } = countClusters(
    rows.map((row) => labels[row]!),
    rows.map((row) => clusters[row]!),
  );
  return Math.min(positiveClusters, negativeClusters);
}
