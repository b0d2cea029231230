// Describes a category column of any length and any number of values in little memory.
import { byCodeUnits } from '../../canonical-json.ts';

/** Values whose counts are kept when there are twice as many. */
const KEPT = 20_000;
const MAX_TOLD = 5;

/** A value with the rows that hold it. */
export interface ValueCount {
  readonly value: string;
  readonly count: number;
}

/** What is known of a category column. */
export interface TextSummary {
  readonly rows: number;
  readonly missing: number;
  /** Distinct values; null where there are more than 40,000. */
  readonly distinct: number | null;
  /** The most common values, at most five, the most common first, then in text order. */
  readonly top: readonly ValueCount[];
  /** How much each count may be too low: 0 up to 40,000 distinct values, beyond at most a 20,000th of the rows. */
  readonly error: number;
}

/**
 * Takes a column piece by piece. Beyond 40,000 distinct values, counts are lowered together until half of them are left.
 *
 * Source: Misra & Gries 1982, in the batched form of Anderson et al. 2017.
 *
 * @example
 * const summary = new TextSummariser();
 * summary.add('DSL');
 * summary.summary().top; // [{ value: 'DSL', count: 1 }]
 */
export class TextSummariser {
  readonly #counts = new Map<string, number>();
  #rows = 0;
  #missing = 0;
  #error = 0;

  /** Adds one value; null is missing. */
  add(value: string | null): void {
    this.#rows += 1;
    if (value === null) {
      this.#missing += 1;
      return;
    }
    this.#counts.set(value, (this.#counts.get(value) ?? 0) + 1);
    if (this.#counts.size > 2 * KEPT) this.#lower();
  }

  summary(): TextSummary {
    const byCount = (a: ValueCount, b: ValueCount): number =>
      b.count - a.count || byCodeUnits(a.value, b.value);
    const counted = [...this.#counts].map(([value, count]) => ({ value, count }));
    return {
      rows: this.#rows,
      missing: this.#missing,
      distinct: this.#error === 0 ? counted.length : null,
      top: counted.sort(byCount).slice(0, MAX_TOLD),
      error: this.#error,
    };
  }

  #lower(): void {
    const descending = Float64Array.from(this.#counts.values()).sort().reverse();
    const by = descending[KEPT] ?? 0;
    this.#error += by;
    for (const [value, count] of this.#counts) {
      if (count > by) this.#counts.set(value, count - by);
      else this.#counts.delete(value);
    }
  }
}
