// The profile of a window: counts and sums in the bins of a feature reference.
import { TidegateError } from '../../errors.ts';
import { type Frame, NO_LABEL } from '../frame.ts';
import { addCategoryProfiles, type CategoryProfile, CodeCounter, profileCounts } from './category-profile.ts';
import { type ColumnReference, type FeatureReference, type Share } from './feature-reference.ts';
import { addNumericProfiles, NumericCounter, type NumericProfile } from './numeric-profile.ts';
import { unitScale } from './clip-range.ts';
import { edgeGrid } from './edge-grid.ts';

/** A column of the reference that could not be counted in the window. */
export interface AbsentProfile {
  readonly kind: 'absent';
  readonly name: string;
  /** Why: the column is missing, or its type has changed. */
  readonly reason: string;
}

/** The profile of a column of a window. */
export type ColumnProfile = NumericProfile | CategoryProfile | AbsentProfile;

/** Counts of a window, or of a part of it; one column for each column of the reference, in the same order. */
export interface WindowProfile {
  readonly rows: number;
  readonly labels: Share;
  readonly columns: readonly ColumnProfile[];
}

/**
 * Counts a frame in the bins of a reference, in one pass over each column. Memory does not grow with the rows.
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
 * Returns the profile of two parts together: counts are exact, sums exact to rounding. A column that is absent from one
 * part is absent from the result.
 *
 * @throws TidegateError DEFECT if the parts were counted against different references
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

/** Name and kind of a column of a window, known before its values are read. */
export interface ColumnHead {
  readonly name: string;
  readonly kind: 'numeric' | 'category';
  /**
   * The values of a category column; its codes are positions in this list. The list may grow before further codes are
   * added.
   */
  readonly dictionary?: readonly string[];
}

/**
 * Builds a profile one chunk at a time. It keeps only the counts in memory, not the rows.
 *
 * @example
 * const profiler = new WindowProfiler(reference, [{ name: 'hours', kind: 'numeric' }]);
 * profiler.addNumbers('hours', values);
 * profiler.addLabels(labels);
 * profiler.profile();
 */
export class WindowProfiler {
  readonly #reference: FeatureReference;
  readonly #heads: ReadonlyMap<string, ColumnHead>;
  readonly #numbers = new Map<string, NumericCounter>();
  readonly #codes = new Map<string, CodeCounter>();
  #rows = 0;
  #hits = 0;
  #labelled = 0;

  constructor(reference: FeatureReference, heads: readonly ColumnHead[]) {
    this.#reference = reference;
    this.#heads = new Map(heads.map((head) => [head.name, head]));
    for (const column of reference.columns) {
      const head = this.#heads.get(column.name);
      if (head?.kind !== column.kind) continue;
      if (column.kind === 'numeric') {
        const grid = edgeGrid(column.cuts);
        this.#numbers.set(column.name, new NumericCounter(column.name, grid, unitScale(column.range)));
      } else {
        this.#codes.set(column.name, new CodeCounter(head.dictionary ?? []));
      }
    }
  }

  /** Whether a column is counted: the reference has a column of this name and kind. */
  wants(name: string): boolean {
    return this.#numbers.has(name) || this.#codes.has(name);
  }

  /** Counts values of a numeric column; ignores a column that is not wanted. */
  addNumbers(name: string, values: Float64Array): void {
    this.#numbers.get(name)?.add(values);
  }

  /** Counts codes of a category column; ignores a column that is not wanted. */
  addCodes(name: string, codes: Uint32Array): void {
    this.#codes.get(name)?.add(codes);
  }

  /** Counts labels. There is one label per row, so this also counts the rows. */
  addLabels(labels: Uint8Array): void {
    this.#rows += labels.length;
    for (let row = 0; row < labels.length; row++) {
      const label = labels[row] as number;
      if (label === NO_LABEL) continue;
      this.#labelled++;
      this.#hits += label;
    }
  }

  /** Returns the profile of everything that was added. Do not use the profiler afterwards. */
  profile(): WindowProfile {
    return {
      rows: this.#rows,
      labels: { hits: this.#hits, size: this.#labelled },
      columns: this.#reference.columns.map((column) => this.#columnProfile(column)),
    };
  }

  #columnProfile(reference: ColumnReference): ColumnProfile {
    const { name, kind } = reference;
    if (reference.kind === 'numeric') {
      const counter = this.#numbers.get(name);
      if (counter) return counter.profile();
    } else {
      const counter = this.#codes.get(name);
      if (counter) return profileCounts(reference, counter.counted());
    }
    const found = this.#heads.get(name)?.kind;
    const reason =
      found === undefined
        ? 'the column is missing from the window'
        : `the column was ${kind} in the reference and is ${found} in the window`;
    return { kind: 'absent', name, reason };
  }
}
