// The profile of a window: its counts and sums in the bins of a feature reference.
import { TidegateError } from '../errors.ts';
import type { FeatureColumn, Frame } from '../features/frame.ts';
import { addCategoryProfiles, profileCategories, type CategoryProfile } from './category-profile.ts';
import { unitScale } from './clip-range.ts';
import { cutGrid } from './cut-grid.ts';
import { countLabels, type ColumnReference, type FeatureReference } from './feature-reference.ts';
import { addNumericProfiles, profileNumbers, type NumericProfile } from './numeric-profile.ts';
import type { Share } from './two-proportion-z.ts';

/** A column that the reference knows and the window cannot be counted in. */
export interface AbsentProfile {
  readonly kind: 'absent';
  readonly name: string;
  /** Why: it vanished, or changed its type. */
  readonly reason: string;
}

/** A column of a window, as far as it could be counted. */
export type ColumnProfile = NumericProfile | CategoryProfile | AbsentProfile;

/** Counts of a window, or of a part of it; one column for each of the reference's, in its order. */
export interface WindowProfile {
  readonly rows: number;
  readonly labels: Share;
  readonly columns: readonly ColumnProfile[];
}

/**
 * Counts a frame in the bins of a reference, in one pass over each column and memory that does not grow with the rows.
 *
 * @example const profile = profileWindow(reference, frame);
 */
export function profileWindow(reference: FeatureReference, frame: Frame): WindowProfile {
  const byName = new Map(frame.features.map((column) => [column.name, column]));
  return {
    rows: frame.rows,
    labels: countLabels(frame.labels),
    columns: reference.columns.map((column) => profileColumn(column, byName.get(column.name))),
  };
}

/**
 * The profile of both parts together: counts exactly, sums to rounding. A column absent from one part is absent from
 * the whole.
 *
 * @throws TidegateError INTERNAL when the parts were counted against different references
 */
export function mergeProfiles(a: WindowProfile, b: WindowProfile): WindowProfile {
  if (a.columns.length !== b.columns.length) throw differentReferences();
  return {
    rows: a.rows + b.rows,
    labels: { hits: a.labels.hits + b.labels.hits, size: a.labels.size + b.labels.size },
    columns: a.columns.map((column, index) => mergeColumns(column, b.columns[index] as ColumnProfile)),
  };
}

function profileColumn(reference: ColumnReference, column: FeatureColumn | undefined): ColumnProfile {
  const { name, kind } = reference;
  if (column === undefined) return { kind: 'absent', name, reason: 'the column is missing from the window' };
  if (reference.kind === 'numeric' && column.kind === 'numeric') {
    return profileNumbers(name, column.values, cutGrid(reference.cuts), unitScale(reference.range));
  }
  if (reference.kind === 'category' && column.kind === 'category')
    return profileCategories(reference, column);
  return {
    kind: 'absent',
    name,
    reason: `the column was ${kind} in the reference and is ${column.kind} in the window`,
  };
}

function mergeColumns(a: ColumnProfile, b: ColumnProfile): ColumnProfile {
  if (a.kind === 'absent') return a;
  if (b.kind === 'absent') return b;
  if (a.name !== b.name || a.counts.length !== b.counts.length) throw differentReferences();
  if (a.kind === 'numeric' && b.kind === 'numeric') return addNumericProfiles(a, b);
  if (a.kind === 'category' && b.kind === 'category') return addCategoryProfiles(a, b);
  throw differentReferences();
}

const differentReferences = (): TidegateError =>
  new TidegateError('INTERNAL', 'two profiles of different feature references cannot be added');
