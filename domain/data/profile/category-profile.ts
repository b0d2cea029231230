// Counts of a category column: frozen in the reference, and in the profile of a window.
import { byCodeUnits } from '../../canonical-json.ts';
import { MISSING_CODE, type CategoryColumn } from '../frame.ts';

/** The largest number of values kept by name, both in the reference and among the unseen values of a window. */
const MAX_VALUES = 10_000;

/** The reference of a category column, with which later windows are compared. */
export interface CategoryReference {
  readonly kind: 'category';
  readonly name: string;
  /** The most frequent values, at most 10,000; the most frequent first, ties in the order of their code units. */
  readonly values: readonly string[];
  /** Number of rows of each value. */
  readonly counts: Float64Array;
  /** Number of rows with a value that is not in `values`. */
  readonly other: number;
  /**
   * Number of values with exactly one row. Divided by the number of rows, it estimates the share of rows of a later
   * window that have a new value although nothing has drifted.
   */
  readonly singletons: number;
  readonly missing: number;
}

/** Counts of a category column of a window. The profiles of two parts of a window can be added. */
export interface CategoryProfile {
  readonly kind: 'category';
  readonly name: string;
  /** Number of rows of each value of the reference, in the same order. */
  readonly counts: Float64Array;
  /** Number of rows of each value that the reference does not list. At most 10,000 such values are kept. */
  readonly unseen: ReadonlyMap<string, number>;
  /** Number of rows with a value that is neither in the reference nor in `unseen`. */
  readonly unlisted: number;
  readonly missing: number;
}

/** Builds the reference of a category column. */
export function freezeCategories(column: CategoryColumn): CategoryReference {
  const { counts, missing } = countCodes(column);
  const ranked = column.dictionary
    .map((value, code) => ({ value, count: counts[code] ?? 0 }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count || byCodeUnits(a.value, b.value));
  const kept = ranked.slice(0, MAX_VALUES);
  return {
    kind: 'category',
    name: column.name,
    values: kept.map(({ value }) => value),
    counts: Float64Array.from(kept, ({ count }) => count),
    other: ranked.slice(MAX_VALUES).reduce((sum, { count }) => sum + count, 0),
    singletons: ranked.filter(({ count }) => count === 1).length,
    missing,
  };
}

/** Number of rows of each value of a dictionary, and of missing values. */
export interface CodeCounts {
  readonly dictionary: readonly string[];
  readonly counts: Float64Array;
  readonly missing: number;
}

/** Counts the codes of a column, one chunk at a time. */
export class CodeCounter {
  readonly #dictionary: readonly string[];
  #counts: Float64Array;
  #missing = 0;

  /** @param dictionary may grow between two calls of `add` */
  constructor(dictionary: readonly string[]) {
    this.#dictionary = dictionary;
    this.#counts = new Float64Array(dictionary.length);
  }

  /** Counts rows by code. Codes are positions in the dictionary; `MISSING_CODE` means that the value is missing. */
  add(codes: Uint32Array): void {
    if (this.#dictionary.length > this.#counts.length) {
      const grown = new Float64Array(Math.max(this.#dictionary.length, 2 * this.#counts.length));
      grown.set(this.#counts);
      this.#counts = grown;
    }
    const counts = this.#counts;
    let missing = 0;
    for (let row = 0; row < codes.length; row++) {
      const code = codes[row] as number;
      if (code === MISSING_CODE) missing++;
      else counts[code]!++;
    }
    this.#missing += missing;
  }

  /** Returns the counts of all codes so far. Do not use the counter afterwards. */
  counted(): CodeCounts {
    return { dictionary: this.#dictionary, counts: this.#counts, missing: this.#missing };
  }
}

/** Builds the profile of a window's column from the number of rows of each value. */
export function profileCounts(
  reference: CategoryReference,
  { dictionary, counts: byCode, missing }: CodeCounts,
): CategoryProfile {
  const place = new Map(reference.values.map((value, index) => [value, index]));
  const counts = new Float64Array(reference.values.length);
  const unseen = new Map<string, number>();
  dictionary.forEach((value, code) => {
    const count = byCode[code] ?? 0;
    const index = place.get(value);
    if (index !== undefined) counts[index]! += count;
    else if (count > 0) unseen.set(value, count);
  });
  return { kind: 'category', name: reference.name, counts, ...bounded(unseen), missing };
}

/**
 * Returns the profile of two parts together, which must have been counted against the same reference. Exact if the parts
 * have at most 10,000 unseen values together.
 */
export function addCategoryProfiles(a: CategoryProfile, b: CategoryProfile): CategoryProfile {
  const together = new Map(a.unseen);
  for (const [value, count] of b.unseen) together.set(value, (together.get(value) ?? 0) + count);
  const { unseen, unlisted } = bounded(together);
  return {
    kind: 'category',
    name: a.name,
    counts: a.counts.map((count, index) => count + (b.counts[index] as number)),
    unseen,
    unlisted: unlisted + a.unlisted + b.unlisted,
    missing: a.missing + b.missing,
  };
}

/** Returns the number of rows with values that the reference does not list. */
export const unseenRows = ({ unseen, unlisted }: CategoryProfile): number =>
  [...unseen.values()].reduce((sum, count) => sum + count, unlisted);

function countCodes({ codes, dictionary }: CategoryColumn): CodeCounts {
  const counter = new CodeCounter(dictionary);
  counter.add(codes);
  return counter.counted();
}

function bounded(unseen: ReadonlyMap<string, number>): { unseen: Map<string, number>; unlisted: number } {
  const byName = [...unseen].sort(([a], [b]) => byCodeUnits(a, b));
  const rest = byName.slice(MAX_VALUES);
  return {
    unseen: new Map(byName.slice(0, MAX_VALUES)),
    unlisted: rest.reduce((sum, [, count]) => sum + count, 0),
  };
}
