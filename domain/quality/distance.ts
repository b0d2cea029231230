// The distance between a window's numbers and the reference's, for the numbers as they are, scaled or mirrored.
import { type Bucket, NumberSketch } from '../data/stats/number-sketch.ts';
import { type ReferenceSteps } from './reference-steps.ts';
import { type NumericReference } from '../data/profile/numeric-reference.ts';
import { total } from '../data/math/total.ts';

/** Largest relative difference that is a rounding error: 3 × 0.1 is not exactly 0.3. */
const ROUNDING = 1e-9;

/** The window's numbers to compare, ascending. */
export interface WindowSteps {
  readonly size: number;
  readonly buckets: readonly Bucket[];
}

/** Returns the finite numbers of a sketch, optionally without the rows of one value. */
export function windowSteps(sketch: NumberSketch, without?: { value: number; rows: number }): WindowSteps {
  if (!without) return { size: sketch.finite, buckets: sketch.buckets() };
  const { value } = without;
  const containsValue = ({ low, high }: Bucket): boolean =>
    value === 0
      ? low === 0 && high === 0
      : value > 0
        ? low <= value && value < high
        : low < value && value <= high;
  const buckets = sketch
    .buckets()
    .map((bucket) => (containsValue(bucket) ? { ...bucket, count: bucket.count - without.rows } : bucket))
    .filter(({ count }) => count > 0);
  return { size: sketch.finite - without.rows, buckets };
}

/**
 * Returns a lower bound, from 0 to 1, of the Kolmogorov-Smirnov distance between the reference and the window divided
 * by `scale`: the smallest distance that the bins of reference and window allow. A negative scale mirrors the window.
 *
 * @example distance(reference, window, 60) // near 0 if the window has minutes instead of hours
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

/** Returns how far the window's share below a number is outside the range that the reference's bins allow there. */
function gapAt(reference: ReferenceSteps, number: number, share: number): number {
  const min = reference.minBelow(number - Math.abs(number) * ROUNDING) / reference.size;
  // Look just above the number: a bucket of one value ends there, and a mirrored bucket includes its end.
  const above = number === 0 ? Number.MIN_VALUE : number + Math.abs(number) * ROUNDING;
  const max = reference.maxBelow(above) / reference.size;
  return share < min ? min - share : Math.max(0, share - max);
}

/** Returns the 95 % quantile of the distance if nothing changed: 1.36 · √(1/n + 1/m) (Smirnov 1948). */
export const noiseFloor = (n: number, m: number): number => 1.36 * Math.sqrt(1 / n + 1 / m);

/** Returns the median of the values other than 0, to about 1 %; 0 if there are none. */
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
    // The bin of a single value ends at the next larger double, which for 0 is the smallest positive one.
    return count > 0 ? [{ low, high: high === Number.MIN_VALUE ? 0 : high, count }] : [];
  });
}
