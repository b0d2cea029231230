// The reference of a numeric column, frozen with a version.
import { type NumericColumn } from '../frame.ts';
import { clipRange, type ClipRange, toUnits, unitScale } from './clip-range.ts';
import { edgeGrid } from './edge-grid.ts';
import { nextUp, sortedValues } from '../math/total.ts';
import { type NumericProfile, profileNumbers } from './numeric-profile.ts';
import { standardDeviation } from '../math/moments.ts';

const BINS = 10;

/**
 * Returns the inclusive upper ends of the decile bins except the last bin, which has no upper end: at most nine values
 * of the sorted reference, without repeats and below its maximum. Because they are values of the sample, any increasing
 * transformation of the sample transforms them in the same way.
 */
export function decileEnds(sorted: Float64Array): Float64Array {
  const ends: number[] = [];
  for (let k = 1; k < BINS; k++) {
    const end = sorted[Math.ceil((k * sorted.length) / BINS) - 1];
    if (end !== undefined && end !== ends.at(-1) && end !== sorted.at(-1)) ends.push(end);
  }
  return Float64Array.from(ends);
}

/** The reference of a numeric column, with which later windows are compared. */
export interface NumericReference {
  readonly kind: 'numeric';
  readonly name: string;
  /** Bin edges, ascending; there is one more bin than edges. */
  readonly cuts: Float64Array;
  /** The bin edges that separate the bins of PSI. */
  readonly psiCuts: Float64Array;
  /** The range to which values are clipped for distances and means; null if no value is finite. */
  readonly range: ClipRange | null;
  /** Standard deviation (ddof 0) of the clipped values, as a share of the range. */
  readonly spread: number;
  /** The profile of the reference rows in these bins. */
  readonly profile: NumericProfile;
}

/**
 * Builds the reference of a numeric column. From the counts in its bins, the KS statistic of any later window is known
 * to within 0.0007, and exactly if there are few distinct values.
 */
export function freezeNumbers({ name, values }: NumericColumn): NumericReference {
  const sorted = sortedValues(values);
  const range = clipRange(sorted);
  const scale = unitScale(range);
  const ends = decileEnds(sorted);
  const cuts = numericEdges(sorted, range, ends);
  return {
    kind: 'numeric',
    name,
    cuts,
    psiCuts: ends.map(nextUp),
    range,
    spread: standardDeviation(toUnits(sorted, scale)),
    profile: profileNumbers(name, values, edgeGrid(cuts), scale),
  };
}

/** Up to this many distinct values, each has its own bin. With more, this is the usual number of quantiles used as edges. */
const MAX_EDGES = 2047;

/**
 * The largest share of the reference rows in a bin of several values. It is also the largest error of the KS statistic.
 */
const WIDEST_BIN = 0.0007;

/**
 * Returns the ascending bin edges of a column, from its sorted reference values, its clip range and its decile ends. Bin i
 * contains the values from edge i − 1 (inclusive) to edge i (exclusive).
 *
 * With at most 2,047 distinct values, each has its own bin, with edges at v and nextUp(v). With more, the edges are
 * quantiles: usually 2,047, and up to 2,857 for fewer rows, so that no bin of several values contains more than 0.07 %
 * of the rows. Tied values still have their own bins, because with plain quantiles the error of the KS statistic would
 * be 0.05 to 0.78 on tied data. The clip bounds and the ends of the decile bins are always edges, so that the distance
 * and PSI are sums over whole bins.
 */
function numericEdges(sorted: Float64Array, range: ClipRange | null, decileEnds: Float64Array): Float64Array {
  const edges = new Set<number>();
  const addValue = (value: number): void => {
    // Adding 0 turns −0 into 0: they are one value.
    edges.add(value + 0).add(nextUp(value));
  };
  const distinct = distinctValues(sorted);
  if (distinct === null) {
    const n = sorted.length;
    const bins = Math.max(MAX_EDGES + 1, Math.ceil(n / Math.max(1, Math.floor(WIDEST_BIN * n))));
    for (let bin = 1; bin < bins; bin++) {
      const at = Math.floor((bin * n) / bins);
      const value = sorted[at] as number;
      if (value === sorted[at - 1] || value === sorted[at + 1]) addValue(value);
      else edges.add(value + 0);
    }
  } else {
    distinct.forEach(addValue);
  }
  if (range !== null) edges.add(range.low).add(range.high);
  for (const end of decileEnds) edges.add(nextUp(end));
  return Float64Array.from(edges).sort();
}

/** Returns the distinct values of a sorted sample, or null if there are more than 2,047. */
function distinctValues(sorted: Float64Array): number[] | null {
  const distinct: number[] = [];
  for (const value of sorted) {
    if (value === distinct.at(-1)) continue;
    if (distinct.length === MAX_EDGES) return null;
    distinct.push(value);
  }
  return distinct;
}
