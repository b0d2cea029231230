// How far a window's numbers are from the reference's, as they are, scaled, or mirrored.
import { type Bucket, NumberSketch } from '../data/stats/number-sketch.ts';
import { type ReferenceSteps } from './reference-steps.ts';
import { type NumericReference } from '../data/profile/numeric-reference.ts';
import { total } from '../data/math/total.ts';

/** Relative size of a difference that is rounding: 3 × 0.1 is not 0.3. */
const ROUNDING = 1e-9;

/** The window's numbers to compare, ascending. */
export interface WindowSteps {
  readonly size: number;
  readonly buckets: readonly Bucket[];
}

/** The finite numbers of a sketch, without those of one value. */
export function windowSteps(sketch: NumberSketch, without?: { value: number; rows: number }): WindowSteps {
  if (!without) return { size: sketch.finite, buckets: sketch.buckets() };
  const { value } = without;
  const isOf = ({ low, high }: Bucket): boolean =>
    value === 0
      ? low === 0 && high === 0
      : value > 0
        ? low <= value && value < high
        : low < value && value <= high;
  const buckets = sketch
    .buckets()
    .map((bucket) => (isOf(bucket) ? { ...bucket, count: bucket.count - without.rows } : bucket))
    .filter(({ count }) => count > 0);
  return { size: sketch.finite - without.rows, buckets };
}

/**
 * Least Kolmogorov-Smirnov distance that the bins of both sides leave possible, from 0 to 1, of the reference and the
 * window divided by `scale`; a negative scale mirrors it.
 *
 * @example distance(reference, window, 60) // near 0 where minutes took the place of hours
 */
export function distance(reference: ReferenceSteps, window: WindowSteps, scale = 1): number {
  const { size, buckets } = window;
  if (size === 0 || reference.size === 0) return 0;
  const ordered = scale > 0 ? buckets : buckets.toReversed();
  let furthest = 0;
  let below = 0;
  for (const { low, high, count } of ordered) {
    const [start, end] = scale > 0 ? [low / scale, high / scale] : [high / scale, low / scale];
    furthest = Math.max(furthest, gapAt(reference, start, below / size));
    below += count;
    furthest = Math.max(furthest, gapAt(reference, end, below / size));
  }
  return furthest;
}

/** How far the window's share below a number is from those that the reference may have there. */
function gapAt(reference: ReferenceSteps, number: number, share: number): number {
  const least = reference.leastBelow(number - Math.abs(number) * ROUNDING) / reference.size;
  // A bucket of one value ends with it, and one of a mirrored window includes the end it has been given.
  const above = number === 0 ? Number.MIN_VALUE : number + Math.abs(number) * ROUNDING;
  const most = reference.mostBelow(above) / reference.size;
  return share < least ? least - share : Math.max(0, share - most);
}

/** The 95 % point of the distance of two samples of one distribution: 1.36 · √(1/n + 1/m) (Smirnov 1948). */
export const noiseFloor = (n: number, m: number): number => 1.36 * Math.sqrt(1 / n + 1 / m);

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
