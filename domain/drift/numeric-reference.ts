// A numeric column of the reference, frozen with a version.
import type { NumericColumn } from '../features/frame.ts';
import { clipRange, toUnits, unitScale, type ClipRange } from './clip-range.ts';
import { cutGrid } from './cut-grid.ts';
import { nextUp } from './next-up.ts';
import { numericCuts } from './numeric-cuts.ts';
import { profileNumbers, type NumericProfile } from './numeric-profile.ts';
import { decileEnds } from './psi.ts';
import { sortedValues } from './sorted-values.ts';
import { standardDeviation } from './wasserstein.ts';

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
