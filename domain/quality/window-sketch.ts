// Sketches a window that arrives in pieces, in memory that does not grow with its rows.
import { type FrozenColumn } from './contracts/check-contracts.ts';
import { DistinctCounter, type Repeats } from './contracts/distinct-counter.ts';
import { type FeatureColumn } from '../data/frame.ts';
import { NumberSketch } from '../data/stats/number-sketch.ts';
import { type ColumnFacts, TextCounts } from './window-facts.ts';

/** 52 bits a row: two words that each column is mixed into. A million rows coincide by chance once in ten thousand windows. */
class RowHashes {
  readonly #high: Uint32Array;
  readonly #low: Uint32Array;

  constructor(rows: number) {
    this.#high = new Uint32Array(rows);
    this.#low = new Uint32Array(rows);
  }

  /** Mixes a column's values in, in the order of the rows; −0 and 0 count as two values. */
  add(column: FeatureColumn): void {
    const [high, low] = [this.#high, this.#low];
    if (column.kind === 'category') {
      for (let row = 0; row < high.length; row++) mix(high, low, row, column.codes[row] as number, 0);
      return;
    }
    const { buffer, byteOffset } = column.values;
    const words = new Uint32Array(buffer, byteOffset, 2 * high.length);
    for (let row = 0; row < high.length; row++) {
      mix(high, low, row, words[2 * row] as number, words[2 * row + 1] as number);
    }
  }

  /** The hash of a row: a whole number below 2^52. */
  at(row: number): number {
    return (this.#high[row] as number) * 2 ** 20 + ((this.#low[row] as number) >>> 12);
  }
}

/**
 * Small whole numbers differ in the upper bits of a double only, and a product moves bits upwards: each step turns them
 * back down, or columns would cancel each other out.
 */
function mix(high: Uint32Array, low: Uint32Array, row: number, first: number, second: number): void {
  const a = Math.imul((high[row] as number) ^ second ^ ((first << 13) | (first >>> 19)), 0x85eb_ca6b);
  high[row] = (a ^ (a >>> 15)) + 0x3c6e_f372;
  const b = Math.imul((low[row] as number) ^ first ^ ((second << 17) | (second >>> 15)), 0xc2b2_ae35);
  low[row] = (b ^ (b >>> 13)) + 0x9e37_79b9;
}

/** Distinct rows that are kept at a time, by their hashes. */
const MAX_DISTINCT_ROWS = 2 ** 18;

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
  readonly #distinct = new DistinctCounter(MAX_DISTINCT_ROWS);
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
