// How many reference values lie below a number, known through the reference's bins.
import { nextUp, total } from '../data/math/total.ts';
import { type NumericReference } from '../data/profile/numeric-reference.ts';

/** Cumulative counts of a numeric reference; exact at its cuts, bracketed by a bin's rows between them. */
export class ReferenceSteps {
  /** Values, without the one that is left out. */
  readonly size: number;
  readonly #cuts: Float64Array;
  /** Values before each bin, and all of them at the end. */
  readonly #before: Float64Array;

  /** @param without a value whose rows are left out, where the reference keeps it apart. @default none */
  constructor({ cuts, profile }: NumericReference, without?: number) {
    const left = without === undefined ? -1 : ownBin(cuts, without);
    this.#cuts = cuts;
    this.#before = new Float64Array(profile.counts.length + 1);
    profile.counts.forEach((count, bin) => {
      this.#before[bin + 1] = (this.#before[bin] as number) + (bin === left ? 0 : count);
    });
    this.size = this.#before[profile.counts.length] as number;
  }

  /** Fewest values that can lie below the number. */
  leastBelow(number: number): number {
    return this.#before[binOf(this.#cuts, number)] as number;
  }

  /** Most values that can lie below the number. */
  mostBelow(number: number): number {
    const bin = binOf(this.#cuts, number);
    const isAtStart = bin > 0 && this.#cuts[bin - 1] === number;
    return this.#before[isAtStart ? bin : bin + 1] as number;
  }
}

/** Bounds of the share of a value among the reference's present values: its bin's, unless it has one of its own. */
export function shareInReference({ cuts, profile }: NumericReference, value: number): number {
  const present = total(profile.counts);
  return present === 0 ? 0 : (profile.counts[binOf(cuts, value)] as number) / present;
}

/** The bin that holds a number: the cuts that are at most it. */
function binOf(cuts: Float64Array, number: number): number {
  let from = 0;
  let end = cuts.length;
  while (from < end) {
    const middle = (from + end) >>> 1;
    if ((cuts[middle] as number) <= number) from = middle + 1;
    else end = middle;
  }
  return from;
}

/** The bin that holds this value and no other; −1 where there is none. */
function ownBin(cuts: Float64Array, value: number): number {
  const bin = binOf(cuts, value);
  // −0 is 0 here as well.
  return bin > 0 && cuts[bin - 1] === value && cuts[bin] === nextUp(value) ? bin : -1;
}
