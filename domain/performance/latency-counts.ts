// Latencies as counts in buckets, which processes can count on their own and add up afterwards.

/** Number of requests by bucket; see {@link latencyBucket}. */
export type LatencyCounts = Readonly<Record<string, number>>;

/** Upper end of the first bucket, in milliseconds. */
const FIRST_MS = 0.1;

/** Each bucket ends this much higher than the one before, so a quantile is known to within 10 %. */
const RATIO = 1.1;

/** The last bucket, which ends at about 26 minutes. */
const LAST = 173;

/** Returns the number of the bucket of a latency. @param ms at least 0 @example latencyBucket(0.05) // 0 */
export const latencyBucket = (ms: number): number =>
  ms <= FIRST_MS ? 0 : Math.min(LAST, Math.ceil(Math.log(ms / FIRST_MS) / Math.log(RATIO)));

/** Adds counts up. */
export function addLatencies(all: readonly LatencyCounts[]): LatencyCounts {
  const sums: Record<string, number> = {};
  for (const counts of all) {
    for (const [bucket, count] of Object.entries(counts)) sums[bucket] = (sums[bucket] ?? 0) + count;
  }
  return sums;
}

/**
 * Returns the upper end of the bucket that contains a quantile, in milliseconds; null if nothing was counted.
 *
 * @param share above 0, at most 1
 * @example latencyQuantile({ '0': 99, '10': 1 }, 0.99) // 0.1
 */
export function latencyQuantile(counts: LatencyCounts, share: number): number | null {
  const buckets = Object.entries(counts)
    .map(([bucket, count]) => [Number(bucket), count] as const)
    .sort(([a], [b]) => a - b);
  const rank = Math.ceil(share * buckets.reduce((sum, [, count]) => sum + count, 0));
  let seen = 0;
  for (const [bucket, count] of buckets) {
    seen += count;
    if (count > 0 && seen >= rank) return FIRST_MS * RATIO ** bucket;
  }
  return null;
}
