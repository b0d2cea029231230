// Sketches a window that arrives in pieces, in memory that does not grow with its rows.
import { type FrozenColumn, type RowsPiece } from '../features/contracts/check-contracts.ts';
import { DistinctCounter, type Repeats } from '../features/contracts/distinct-counter.ts';
import { type FeatureColumn } from '../features/frame.ts';
import { NumberSketch } from './number-sketch.ts';
import { TextCounts } from './text-counts.ts';
import { type ColumnFacts } from './window-facts.ts';

/** Distinct rows that are kept at a time, by their hashes. */
const MOST_DISTINCT_ROWS = 2 ** 18;

/**
 * Every column of a window, and how many rows are alike.
 *
 * @example
 * const sketch = new WindowSketch(dataset.columns, (name) => 'usage');
 * for await (const piece of pieces) sketch.add(piece);
 */
export class WindowSketch {
  rows = 0;
  readonly columns: readonly ColumnFacts[];
  readonly #byName: ReadonlyMap<string, ColumnFacts>;
  readonly #distinct = new DistinctCounter(MOST_DISTINCT_ROWS);

  constructor(frozen: readonly FrozenColumn[], tableOf: (column: string) => string | null) {
    this.columns = frozen.map(({ name, kind, dictionary = [] }) =>
      kind === 'numeric'
        ? { kind, name, table: tableOf(name), sketch: new NumberSketch() }
        : { kind, name, table: tableOf(name), counts: new TextCounts(dictionary) },
    );
    this.#byName = new Map(this.columns.map((column) => [column.name, column]));
  }

  /** Looks at the next rows. */
  add({ frame }: Pick<RowsPiece, 'frame'>): void {
    this.rows += frame.rows;
    for (const piece of frame.features) {
      const facts = this.#byName.get(piece.name);
      if (piece.kind === 'numeric' && facts?.kind === 'numeric') facts.sketch.add(piece.values);
      if (piece.kind === 'category' && facts?.kind === 'category') facts.counts.add(piece.codes);
    }
    this.#countRows(frame.rows, frame.features);
  }

  /** Rows that repeat the features of another; exact up to 262,144 distinct rows, of a share of them beyond. */
  get repeats(): Repeats {
    return this.#distinct.counted();
  }

  #countRows(rows: number, features: readonly FeatureColumn[]): void {
    const high = new Uint32Array(rows);
    const low = new Uint32Array(rows);
    for (const column of features) {
      if (column.kind === 'numeric') {
        const bits = new Uint32Array(column.values.buffer, column.values.byteOffset, 2 * rows);
        for (let row = 0; row < rows; row++) {
          const first = bits[2 * row] as number;
          const second = bits[2 * row + 1] as number;
          high[row] =
            Math.imul((high[row] as number) ^ first ^ Math.imul(second, 0x9e37_79b1), 0x85eb_ca6b) + 1;
          low[row] =
            Math.imul((low[row] as number) ^ second ^ Math.imul(first, 0xc2b2_ae35), 0x27d4_eb2f) + 1;
        }
      } else {
        for (let row = 0; row < rows; row++) {
          const code = column.codes[row] as number;
          high[row] = Math.imul((high[row] as number) ^ Math.imul(code, 0x9e37_79b1), 0x85eb_ca6b) + 1;
          low[row] = Math.imul((low[row] as number) ^ Math.imul(code, 0xc2b2_ae35), 0x27d4_eb2f) + 1;
        }
      }
    }
    // 52 bits of both: a million rows coincide by chance once in ten thousand windows.
    for (let row = 0; row < rows; row++) {
      this.#distinct.add((high[row] as number) * 2 ** 20 + ((low[row] as number) >>> 12));
    }
  }
}
