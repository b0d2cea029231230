// A category column: its frozen counts, and those of a window beside them.
import { byCodeUnits } from '../by-code-units.ts';
import { MISSING_CODE, type CategoryColumn } from '../features/frame.ts';

/** Most values kept by name, in the reference and again among the unseen of a window. */
const MOST_VALUES = 10_000;

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
  const kept = ranked.slice(0, MOST_VALUES);
  return {
    kind: 'category',
    name: column.name,
    values: kept.map(({ value }) => value),
    counts: Float64Array.from(kept, ({ count }) => count),
    other: ranked.slice(MOST_VALUES).reduce((sum, { count }) => sum + count, 0),
    singletons: ranked.filter(({ count }) => count === 1).length,
    missing,
  };
}

/** The profile of a window's column. */
export function profileCategories(reference: CategoryReference, column: CategoryColumn): CategoryProfile {
  const { counts: byCode, missing } = countCodes(column);
  const place = new Map(reference.values.map((value, index) => [value, index]));
  const counts = new Float64Array(reference.values.length);
  const unseen = new Map<string, number>();
  column.dictionary.forEach((value, code) => {
    const count = byCode[code] ?? 0;
    const index = place.get(value);
    if (index !== undefined) counts[index]! += count;
    else if (count > 0) unseen.set(value, count);
  });
  return { kind: 'category', name: column.name, counts, ...bounded(unseen), missing };
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

function countCodes({ codes, dictionary }: CategoryColumn): { counts: Float64Array; missing: number } {
  const counts = new Float64Array(dictionary.length);
  let missing = 0;
  for (const code of codes) {
    if (code === MISSING_CODE) missing++;
    else counts[code]!++;
  }
  return { counts, missing };
}

function bounded(unseen: ReadonlyMap<string, number>): { unseen: Map<string, number>; unlisted: number } {
  const byName = [...unseen].sort(([a], [b]) => byCodeUnits(a, b));
  const rest = byName.slice(MOST_VALUES);
  return {
    unseen: new Map(byName.slice(0, MOST_VALUES)),
    unlisted: rest.reduce((sum, [, count]) => sum + count, 0),
  };
}
