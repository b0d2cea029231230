// Sketches a window that arrives in pieces, in memory that does not grow with its rows.
import { type FrozenColumn } from '../features/contracts/check-contracts.ts';
import { DistinctCounter, type Repeats } from '../features/contracts/distinct-counter.ts';
import { type FeatureColumn } from '../features/frame.ts';
import { NumberSketch } from './number-sketch.ts';
import { RowHashes } from './row-hashes.ts';
import { TextCounts } from './text-counts.ts';
import { type ColumnFacts } from './window-facts.ts';

/** Distinct rows that are kept at a time, by their hashes. */
const MOST_DISTINCT_ROWS = 2 ** 18;

/**
 * Every column of a window, and how many rows are alike.
 *
 * @example
 * const sketch = new WindowSketch(dataset.columns, (name) => 'usage');
 * sketch.startPiece(values.length);
 * sketch.addColumn({ kind: 'numeric', name: 'hours', values });
 * sketch.endPiece();
 */
export class WindowSketch {
  rows = 0;
  readonly columns: readonly ColumnFacts[];
  readonly #byName: ReadonlyMap<string, ColumnFacts>;
  readonly #distinct = new DistinctCounter(MOST_DISTINCT_ROWS);
  #hashes = new RowHashes(0);
  #piece = 0;

  constructor(frozen: readonly FrozenColumn[], tableOf: (column: string) => string | null) {
    this.columns = frozen.map(({ name, kind, dictionary = [] }) =>
      kind === 'numeric'
        ? { kind, name, table: tableOf(name), sketch: new NumberSketch() }
        : { kind, name, table: tableOf(name), counts: new TextCounts(dictionary) },
    );
    this.#byName = new Map(this.columns.map((column) => [column.name, column]));
  }

  /** Begins the next rows, whose columns follow one by one. */
  startPiece(rows: number): void {
    this.#piece = rows;
    this.#hashes = new RowHashes(rows);
  }

  /** Looks at a column of the piece. */
  addColumn(column: FeatureColumn): void {
    const facts = this.#byName.get(column.name);
    if (column.kind === 'numeric' && facts?.kind === 'numeric') facts.sketch.add(column.values);
    if (column.kind === 'category' && facts?.kind === 'category') facts.counts.add(column.codes);
    this.#hashes.add(column);
  }

  /** Ends the piece: all its columns were added. */
  endPiece(): void {
    this.rows += this.#piece;
    for (let row = 0; row < this.#piece; row++) this.#distinct.add(this.#hashes.at(row));
    this.#piece = 0;
  }

  /** Rows that repeat the features of another; exact up to 262,144 distinct rows, of a share of them beyond. */
  get repeats(): Repeats {
    return this.#distinct.counted();
  }
}
