// A category column: its frozen counts, and those of a window beside them.
import { byCodeUnits } from '../../canonical-json.ts';
import { MISSING_CODE, type CategoryColumn } from '../frame.ts';

/** Most values kept by name, in the reference and again among the unseen of a window. */
const MAX_VALUES = 10_000;

/** What later windows of a category column are measured against. */
export interface CategoryReference {
  readonly kind: 'category';
  readonly name: string;
  /** The most frequent values, at most 10 000; the most frequent first, equals in the order of their code units. */
  readonly values: readonly string[];
  /** Rows of each value. */
  readonly counts: Float64Array;
  /** Rows of all other values. */
  readonly other: number;
  /** Values with one row: their share is the share of rows expected to be new without drift. */
  readonly singletons: number;
  readonly missing: number;
}

/** Counts of a category column. Profiles of parts add up to the profile of the whole. */
export interface CategoryProfile {
  readonly kind: 'category';
  readonly name: string;
  /** Rows of each of the reference's values, in its order. */
  readonly counts: Float64Array;
  /** Rows of each value the reference does not list, at most 10 000 values, by name. */
  readonly unseen: ReadonlyMap<string, number>;
  /** Rows of yet other values. */
  readonly unlisted: number;
  readonly missing: number;
}

/** Freezes a column. */
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

/** Rows of each value of a dictionary, and of none. */
export interface CodeCounts {
  readonly dictionary: readonly string[];
  readonly counts: Float64Array;
  readonly missing: number;
}

/** Counts codes, a piece of the column at a time. */
export class CodeCounter {
  readonly #dictionary: readonly string[];
  #counts: Float64Array;
  #missing = 0;

  /** @param dictionary may grow between two calls of `add` */
  constructor(dictionary: readonly string[]) {
    this.#dictionary = dictionary;
    this.#counts = new Float64Array(dictionary.length);
  }

  /** Counts codes into the dictionary; `MISSING_CODE` is missing. */
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

  /** All codes so far; the counter is not used after it. */
  counted(): CodeCounts {
    return { dictionary: this.#dictionary, counts: this.#counts, missing: this.#missing };
  }
}

/** The profile of a window's column of which the rows of each value are known. */
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
 * The profile of both parts together; they must have been made with the same reference. Exact while together they
 * hold at most 10 000 unseen values.
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

/** Rows of values that the reference does not list. */
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
