// Counts a window that arrives in pieces into the bins of a feature reference.
import { NO_LABEL } from '../features/frame.ts';
import { CodeCounter, profileCounts } from './category-profile.ts';
import { unitScale } from './clip-range.ts';
import { cutGrid } from './cut-grid.ts';
import type { ColumnReference, FeatureReference } from './feature-reference.ts';
import { NumericCounter } from './numeric-profile.ts';
import type { ColumnProfile, WindowProfile } from './window-profile.ts';

/** A column of a window, before its values. */
export interface ColumnHead {
  readonly name: string;
  readonly kind: 'numeric' | 'category';
  /** Values of a category column, into which its codes index; more may be added before further codes are. */
  readonly dictionary?: readonly string[];
}

/**
 * A profile under way: memory holds the counts and nothing of the rows.
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
        const grid = cutGrid(column.cuts);
        this.#numbers.set(column.name, new NumericCounter(column.name, grid, unitScale(column.range)));
      } else {
        this.#codes.set(column.name, new CodeCounter(head.dictionary ?? []));
      }
    }
  }

  /** Whether a column's values count: the reference has it, by the same kind. */
  wants(name: string): boolean {
    return this.#numbers.has(name) || this.#codes.has(name);
  }

  /** Counts values of a numeric column; one that is not wanted is passed over. */
  addNumbers(name: string, values: Float64Array): void {
    this.#numbers.get(name)?.add(values);
  }

  /** Counts codes of a category column; one that is not wanted is passed over. */
  addCodes(name: string, codes: Uint32Array): void {
    this.#codes.get(name)?.add(codes);
  }

  /** Counts labels, and with them the rows. */
  addLabels(labels: Uint8Array): void {
    this.#rows += labels.length;
    for (let row = 0; row < labels.length; row++) {
      const label = labels[row] as number;
      if (label === NO_LABEL) continue;
      this.#labelled++;
      this.#hits += label;
    }
  }

  /** The profile of all that was added; the profiler is not used after it. */
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
