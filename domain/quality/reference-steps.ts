// Counts how many reference values lie below a number, as far as the reference's bins show it.
import { nextUp, total } from '../data/math/total.ts';
import { type NumericReference } from '../data/profile/numeric-reference.ts';

/** Cumulative counts of a numeric reference: exact counts at the edges of the bins, and bounds inside the bins. */
export class ReferenceSteps {
  /** Number of values, not counting the rows of the value that is left out. */
  readonly size: number;
  readonly #edges: Float64Array;
  /** Number of values before each bin; the last entry counts all. */
  readonly #before: Float64Array;

  /** @param without leaves out the rows of this value if the reference has a bin for it alone. @default none */
  constructor({ cuts, profile }: NumericReference, without?: number) {
    const leftOut = without === undefined ? -1 : ownBin(cuts, without);
    this.#edges = cuts;
    this.#before = new Float64Array(profile.counts.length + 1);
    profile.counts.forEach((count, bin) => {
      this.#before[bin + 1] = (this.#before[bin] as number) + (bin === leftOut ? 0 : count);
    });
    this.size = this.#before[profile.counts.length] as number;
  }

  /** Returns the smallest possible number of values below the given number. */
  minBelow(number: number): number {
    return this.#before[binOf(this.#edges, number)] as number;
  }

  /** Returns the largest possible number of values below the given number. */
  maxBelow(number: number): number {
    const bin = binOf(this.#edges, number);
    const isAtStart = bin > 0 && this.#edges[bin - 1] === number;
    return this.#before[isAtStart ? bin : bin + 1] as number;
  }
}

/** Returns the share of a value's bin among the reference's present values: an upper bound of the value's own share. */
export function shareInReference({ cuts, profile }: NumericReference, value: number): number {
  const present = total(profile.counts);
  return present === 0 ? 0 : (profile.counts[binOf(cuts, value)] as number) / present;
}

/** Returns the bin that contains a number: the number of edges at or below it. */
function binOf(edges: Float64Array, number: number): number {
  let from = 0;
  let end = edges.length;
  while (from < end) {
    const middle = (from + end) >>> 1;
    if ((edges[middle] as number) <= number) from = middle + 1;
    else end = middle;
  }
  return from;
}

/** Returns the bin that contains this value and no other; −1 if there is none. */
function ownBin(edges: Float64Array, value: number): number {
  const bin = binOf(edges, value);
  // `===` also matches −0 with 0.
  return bin > 0 && edges[bin - 1] === value && edges[bin] === nextUp(value) ? bin : -1;
}
