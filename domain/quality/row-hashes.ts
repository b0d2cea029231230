// Hashes of rows that come column by column: which rows have the same value in every feature.
import { type FeatureColumn } from '../features/frame.ts';

/** 52 bits a row: two words that each column is mixed into. A million rows coincide by chance once in ten thousand windows. */
export class RowHashes {
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
