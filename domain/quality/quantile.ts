// The median of a column's finite numbers, from its sketch or from the reference's bins.
import { type NumericReference } from '../drift/numeric-reference.ts';
import { total } from '../drift/total.ts';
import { NumberSketch } from './number-sketch.ts';

/** The median of values other than 0, to about 1 %; 0 where there are none. */
export function median(of: NumberSketch | NumericReference): number {
  const buckets = of instanceof NumberSketch ? of.buckets() : referenceBuckets(of);
  const others = buckets.filter(({ low, high }) => low !== 0 || high !== 0);
  const half = others.reduce((sum, { count }) => sum + count, 0) / 2;
  let below = 0;
  for (const { low, high, count } of others) {
    below += count;
    if (below >= half) return low / 2 + high / 2;
  }
  return 0;
}

function referenceBuckets({
  cuts,
  profile,
}: NumericReference): { low: number; high: number; count: number }[] {
  const { counts, minimum, maximum } = profile;
  if (total(counts) === 0) return [];
  return [...counts].flatMap((count, bin) => {
    const low = Math.max(cuts[bin - 1] ?? minimum, minimum, -Number.MAX_VALUE);
    const high = Math.min(cuts[bin] ?? maximum, maximum, Number.MAX_VALUE);
    // A bin of one value ends at its neighbour, which for 0 is the least number there is.
    return count > 0 ? [{ low, high: high === Number.MIN_VALUE ? 0 : high, count }] : [];
  });
}
