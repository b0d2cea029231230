// A numeric profile in the bins of PSI.
import type { NumericProfile } from './numeric-profile.ts';
import type { NumericReference } from './numeric-reference.ts';

/** Rows in each decile bin of the reference: the bins between PSI's cuts, which are cuts of the column too. */
export function psiCounts({ cuts, psiCuts }: NumericReference, { counts }: NumericProfile): Float64Array {
  const sums = new Float64Array(psiCuts.length + 1);
  let group = 0;
  for (let bin = 0; bin < counts.length; bin++) {
    if (bin > 0 && cuts[bin - 1] === psiCuts[group]) group++;
    sums[group]! += counts[bin] as number;
  }
  return sums;
}
