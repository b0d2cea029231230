// Counts the chunks of a window's columns in the bins of a reference, wherever they come from.
import { type FeatureReference } from '../../domain/data/profile/feature-reference.ts';
import { type WindowProfile, WindowProfiler } from '../../domain/data/profile/window-profile.ts';
import { featurePart, PARTS } from '../datasets/chunk.ts';
import { codesIn, numbersIn } from '../datasets/chunk-values.ts';
import { type DatasetColumn } from '../tables.ts';

/** A profile under way. @example for (const chunk of chunks) profiler.take(chunk); profiler.profile(); */
export class ChunkProfiler {
  /** The parts that are counted: labels, and the columns that the reference knows. */
  readonly parts: readonly string[];
  readonly #profiler: WindowProfiler;
  readonly #columns: ReadonlyMap<string, DatasetColumn>;

  /** @param columns in the order of their parts; dictionaries may grow between two chunks */
  constructor(reference: FeatureReference, columns: readonly DatasetColumn[]) {
    this.#profiler = new WindowProfiler(reference, columns);
    this.#columns = new Map(
      columns.flatMap((column, position) =>
        this.#profiler.wants(column.name) ? [[featurePart(position), column] as const] : [],
      ),
    );
    this.parts = [PARTS.labels, ...this.#columns.keys()];
  }

  /** Takes a chunk; one of another part is passed over. */
  take({ part, bytes }: { readonly part: string; readonly bytes: Buffer }): void {
    const column = this.#columns.get(part);
    if (part === PARTS.labels) this.#profiler.addLabels(bytes);
    else if (column?.kind === 'numeric') this.#profiler.addNumbers(column.name, numbersIn(bytes));
    else if (column) this.#profiler.addCodes(column.name, codesIn(bytes));
  }

  /** The profile of all that was taken. */
  profile(): WindowProfile {
    return this.#profiler.profile();
  }
}
