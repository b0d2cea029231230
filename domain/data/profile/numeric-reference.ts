// A numeric column of the reference, frozen with a version.
import { type NumericColumn } from '../frame.ts';
import { clipRange, type ClipRange, toUnits, unitScale } from './clip-range.ts';
import { cutGrid } from './cut-grid.ts';
import { nextUp, sortedValues } from '../math/total.ts';
import { type NumericProfile, profileNumbers } from './numeric-profile.ts';
import { standardDeviation } from '../math/moments.ts';

const BINS = 10;

/**
 * The inclusive upper ends of the bins but the last, which is open: order statistics of the sorted reference, without
 * repeats and below its maximum; at most nine. Being values of the sample they move with any increasing map of it.
 */
export function decileEnds(sorted: Float64Array): Float64Array {
  const ends: number[] = [];
  for (let k = 1; k < BINS; k++) {
    const end = sorted[Math.ceil((k * sorted.length) / BINS) - 1];
    if (end !== undefined && end !== ends.at(-1) && end !== sorted.at(-1)) ends.push(end);
  }
  return Float64Array.from(ends);
}

/** What later windows of a numeric column are measured against. */
export interface NumericReference {
  readonly kind: 'numeric';
  readonly name: string;
  /** Ascending; there is one bin more than cuts. */
  readonly cuts: Float64Array;
  /** Those cuts that part the bins of PSI. */
  readonly psiCuts: Float64Array;
  /** What values are clipped to for distances and means; null where no value is finite. */
  readonly range: ClipRange | null;
  /** Standard deviation (ddof 0) of the clipped values, as a share of the range. */
  readonly spread: number;
  /** The reference rows themselves in these bins. */
  readonly profile: NumericProfile;
}

/** Freezes a column. The KS bracket of any later window is at most 0.0007 wide, and a point where there are few values. */
export function freezeNumbers({ name, values }: NumericColumn): NumericReference {
  const sorted = sortedValues(values);
  const range = clipRange(sorted);
  const scale = unitScale(range);
  const ends = decileEnds(sorted);
  const cuts = numericCuts(sorted, range, ends);
  return {
    kind: 'numeric',
    name,
    cuts,
    psiCuts: ends.map(nextUp),
    range,
    spread: standardDeviation(toUnits(sorted, scale)),
    profile: profileNumbers(name, values, cutGrid(cuts), scale),
  };
}

/** Most distinct values that each get a bin of their own, and quantiles that are usually cut at where there are more. */
const MAX_CUTS = 2047;

/** Most of the reference's rows in a bin of several values, as a share: the KS bracket is no wider. */
const WIDEST_BIN = 0.0007;

/**
 * The ascending cuts of a column, from its sorted reference values, its clip range and its decile ends. Bin i holds
 * the values from cut i − 1 (inclusive) to cut i (exclusive).
 *
 * With at most 2 047 distinct values each is kept apart, by cuts at v and nextUp(v). Otherwise cuts fall at 2 047
 * quantiles, at up to 2 857 of fewer rows so that no bin of several values holds more than 0.07 % of them; tied
 * values are again kept apart: plain quantile cuts would leave KS brackets of 0.05 to 0.78 on tied data. The clip
 * bounds and the ends of the decile bins are always cuts, so that both statistics are sums of whole bins.
 */
function numericCuts(sorted: Float64Array, range: ClipRange | null, decileEnds: Float64Array): Float64Array {
  const cuts = new Set<number>();
  const addValue = (value: number): void => {
    // Adding 0 turns −0 into 0: they are one value.
    cuts.add(value + 0).add(nextUp(value));
  };
  const distinct = distinctValues(sorted);
  if (distinct === null) {
    const n = sorted.length;
    const bins = Math.max(MAX_CUTS + 1, Math.ceil(n / Math.max(1, Math.floor(WIDEST_BIN * n))));
    for (let bin = 1; bin < bins; bin++) {
      const at = Math.floor((bin * n) / bins);
      const value = sorted[at] as number;
      if (value === sorted[at - 1] || value === sorted[at + 1]) addValue(value);
      else cuts.add(value + 0);
    }
  } else {
    distinct.forEach(addValue);
  }
  if (range !== null) cuts.add(range.low).add(range.high);
  for (const end of decileEnds) cuts.add(nextUp(end));
  return Float64Array.from(cuts).sort();
}

/** The distinct values of a sorted sample, or null where there are more than 2 047. */
function distinctValues(sorted: Float64Array): number[] | null {
  const distinct: number[] = [];
  for (const value of sorted) {
    if (value === distinct.at(-1)) continue;
    if (distinct.length === MAX_CUTS) return null;
    distinct.push(value);
  }
  return distinct;
}
