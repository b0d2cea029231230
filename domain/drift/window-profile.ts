// The profile of a window: its counts and sums in the bins of a feature reference.
import { TidegateError } from '../errors.ts';
import type { Frame } from '../features/frame.ts';
import { addCategoryProfiles, type CategoryProfile } from './category-profile.ts';
import type { FeatureReference } from './feature-reference.ts';
import { addNumericProfiles, type NumericProfile } from './numeric-profile.ts';
import type { Share } from './two-proportion-z.ts';
import { WindowProfiler } from './window-profiler.ts';

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
  const profiler = new WindowProfiler(reference, frame.features);
  for (const column of frame.features) {
    if (column.kind === 'numeric') profiler.addNumbers(column.name, column.values);
    else profiler.addCodes(column.name, column.codes);
  }
  profiler.addLabels(frame.labels);
  return profiler.profile();
}

/**
 * The profile of both parts together: counts exactly, sums to rounding. A column absent from one part is absent from
 * the whole.
 *
 * @throws TidegateError DEFECT when the parts were counted against different references
 */
export function mergeProfiles(a: WindowProfile, b: WindowProfile): WindowProfile {
  if (a.columns.length !== b.columns.length) throw differentReferences();
  return {
    rows: a.rows + b.rows,
    labels: { hits: a.labels.hits + b.labels.hits, size: a.labels.size + b.labels.size },
    columns: a.columns.map((column, index) => mergeColumns(column, b.columns[index] as ColumnProfile)),
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
  new TidegateError('DEFECT', 'two profiles of different feature references cannot be added');
