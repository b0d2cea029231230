// Summarises a category column of any length and any number of values in little memory.
import { byCodeUnits } from '../../canonical-json.ts';

/** When there are more than twice this many values, at most this many of them are kept. */
const KEPT = 20_000;
const MAX_TOP = 5;

/** A value and the number of rows that have it. */
export interface ValueCount {
  readonly value: string;
  readonly count: number;
}

/** Summary of a category column. */
export interface TextSummary {
  readonly rows: number;
  readonly missing: number;
  /** Number of distinct values; null if there are more than 40,000. */
  readonly distinct: number | null;
  /** The five most common values, the most common first; ties in text order. */
  readonly top: readonly ValueCount[];
  /** By how much each count may be too low: 0 up to 40,000 distinct values, otherwise at most 1/20,000 of the rows. */
  readonly error: number;
}

/**
 * Summarises a column, one value at a time. When there are more than 40,000 distinct values, all counts are lowered by
 * the same number, chosen so that at most 20,000 values keep a count above 0.
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

  /** Counts one value; null means that the value is missing. */
  add(value: string | null): void {
    this.#rows += 1;
    if (value === null) {
      this.#missing += 1;
      return;
    }
    this.#counts.set(value, (this.#counts.get(value) ?? 0) + 1);
    if (this.#counts.size > 2 * KEPT) this.#lower();
  }

  /** Returns the summary of all values so far. */
  summary(): TextSummary {
    const byCount = (a: ValueCount, b: ValueCount): number =>
      b.count - a.count || byCodeUnits(a.value, b.value);
    const counted = [...this.#counts].map(([value, count]) => ({ value, count }));
    return {
      rows: this.#rows,
      missing: this.#missing,
      distinct: this.#error === 0 ? counted.length : null,
      top: counted.sort(byCount).slice(0, MAX_TOP),
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
