// Summarises a window that arrives in pieces, with memory that does not grow with the number of rows.
import { type FrozenColumn } from './contracts/check-contracts.ts';
import { DistinctCounter, type Repeats } from './contracts/distinct-counter.ts';
import { type FeatureColumn } from '../data/frame.ts';
import { NumberSketch } from '../data/stats/number-sketch.ts';
import { type ColumnFacts, TextCounts } from './window-facts.ts';

/**
 * A 52-bit hash per row of a piece, into which each column is mixed. Among a million distinct rows, two have the same
 * hash by chance in about one of ten thousand windows.
 */
class RowHashes {
  readonly #high: Uint32Array;
  readonly #low: Uint32Array;

  constructor(rows: number) {
    this.#high = new Uint32Array(rows);
    this.#low = new Uint32Array(rows);
  }

  /** Mixes in a column's values, in row order; −0 and 0 count as different values. */
  add(column: FeatureColumn): void {
    const [high, low] = [this.#high, this.#low];
    if (column.kind === 'category') {
      for (let row = 0; row < high.length; row++) mix(high, low, row, column.codes[row] as number, 0);
      return;
    }
    const { buffer, byteOffset } = column.values;
    const halves = new Uint32Array(buffer, byteOffset, 2 * high.length);
    for (let row = 0; row < high.length; row++) {
      mix(high, low, row, halves[2 * row] as number, halves[2 * row + 1] as number);
    }
  }

  /** Returns the hash of a row: a whole number below 2^52. */
  at(row: number): number {
    return (this.#high[row] as number) * 2 ** 20 + ((this.#low[row] as number) >>> 12);
  }
}

/**
 * Mixes the two halves of a value into a row's hash. Small whole numbers differ only in the upper bits of a double, and
 * multiplication moves bits upwards; each step therefore moves them back down, so that columns do not cancel out.
 */
function mix(high: Uint32Array, low: Uint32Array, row: number, first: number, second: number): void {
  const a = Math.imul((high[row] as number) ^ second ^ ((first << 13) | (first >>> 19)), 0x85eb_ca6b);
  high[row] = (a ^ (a >>> 15)) + 0x3c6e_f372;
  const b = Math.imul((low[row] as number) ^ first ^ ((second << 17) | (second >>> 15)), 0xc2b2_ae35);
  low[row] = (b ^ (b >>> 13)) + 0x9e37_79b9;
}

/** Most distinct row hashes that are kept at a time. */
const MAX_DISTINCT_ROWS = 2 ** 18;

/**
 * Collects the facts about every column of a window, and counts identical rows.
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

  /** Starts the next piece; add the columns of the piece afterwards, one by one. */
  startPiece(rows: number): void {
    this.#piece = rows;
    this.#hashes = new RowHashes(rows);
  }

  /** Adds a column of the piece. */
  addColumn(column: FeatureColumn): void {
    const facts = this.#byName.get(column.name);
    if (column.kind === 'numeric' && facts?.kind === 'numeric') facts.sketch.add(column.values);
    if (column.kind === 'category' && facts?.kind === 'category') facts.counts.add(column.codes);
    this.#hashes.add(column);
  }

  /** Ends the piece after all its columns were added. */
  endPiece(): void {
    this.rows += this.#piece;
    for (let row = 0; row < this.#piece; row++) this.#distinct.add(this.#hashes.at(row));
    this.#piece = 0;
  }

  /**
   * How many rows were counted, and how many of them repeat the features of another row; exact up to 262,144 distinct
   * rows, beyond that for a sample of them.
   */
  get repeats(): Repeats {
    return this.#distinct.counted();
  }
}
