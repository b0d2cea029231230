// Summarises a numeric column of any length in little memory.
import { NumberSketch } from './number-sketch.ts';

/** The quantiles in a summary. */
const QUANTILES = [0.05, 0.25, 0.5, 0.75, 0.95] as const;

/** Summary of a numeric column. Extremes, mean, standard deviation and quantiles are those of its finite values. */
export interface NumericSummary {
  readonly rows: number;
  readonly missing: number;
  readonly infinite: number;
  /** Null if there is no finite value. */
  readonly min: number | null;
  /** Null if there is no finite value. */
  readonly max: number | null;
  /** Null if there is no finite value or the sum is beyond the range of doubles. */
  readonly mean: number | null;
  /** Standard deviation of the population (ddof 0); null in the same cases as the mean. */
  readonly sd: number | null;
  /**
   * For each share the value at rank ⌈share × n⌉, with an error of up to about 1.6 %; exact for whole numbers below 64.
   */
  readonly quantiles: readonly { readonly share: number; readonly value: number }[];
}

/**
 * Summarises a column, one chunk at a time.
 *
 * @example
 * const summary = new NumericSummariser();
 * summary.add(Float64Array.of(1, 2, NaN));
 * summary.summary(); // { rows: 3, missing: 1, mean: 1.5, … }
 */
export class NumericSummariser {
  readonly #sketch = new NumberSketch();
  #isWhole = true;
  #count = 0;
  /** The first value. Distances from it keep digits that would be lost next to a large mean. */
  #near = 0;
  /** Mean and sum of squares of those distances, by Welford's update. */
  #mean = 0;
  #squares = 0;

  /** Adds values; NaN means that the value is missing. */
  add(values: Float64Array): void {
    this.#sketch.add(values);
    for (const value of values) {
      if (!Number.isFinite(value)) continue;
      if (!Number.isInteger(value)) this.#isWhole = false;
      if (this.#count === 0) this.#near = value;
      this.#count += 1;
      const distance = value - this.#near;
      const delta = distance - this.#mean;
      this.#mean += delta / this.#count;
      this.#squares += delta * (distance - this.#mean);
    }
  }

  /** Returns the summary of all values so far. */
  summary(): NumericSummary {
    const { rows, missing, infinite, finite, minimum, maximum } = this.#sketch;
    const finiteOrNull = (value: number): number | null =>
      finite > 0 && Number.isFinite(value) ? value : null;
    // If all values are whole numbers, the middle of a bucket can be rounded to one of them.
    const read = this.#isWhole ? Math.trunc : (value: number): number => value;
    return {
      rows,
      missing,
      infinite,
      min: finiteOrNull(minimum),
      max: finiteOrNull(maximum),
      mean: finiteOrNull(this.#near + this.#mean),
      sd: finiteOrNull(Math.sqrt(this.#squares / finite)),
      quantiles: finite > 0 ? quantilesOf(this.#sketch, read) : [],
    };
  }
}

function quantilesOf(sketch: NumberSketch, read: (value: number) => number): NumericSummary['quantiles'] {
  const { finite, minimum, maximum } = sketch;
  const buckets = sketch.buckets();
  let at = -1;
  let below = 0;
  return QUANTILES.map((share) => {
    const rank = Math.ceil(share * finite);
    while (below < rank) {
      at += 1;
      below += buckets[at]?.count ?? Infinity;
    }
    const { low, high } = buckets[at] ?? { low: maximum, high: maximum };
    return { share, value: Math.min(maximum, Math.max(minimum, read(low / 2 + high / 2))) };
  });
}
