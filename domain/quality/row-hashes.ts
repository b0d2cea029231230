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
 * back down, as MurmurHash3 does, or columns would cancel each other out.
 */
function mix(high: Uint32Array, low: Uint32Array, row: number, first: number, second: number): void {
  let a = Math.imul((high[row] as number) ^ second ^ Math.imul(first, 0x9e37_79b1), 0x85eb_ca6b);
  a = Math.imul(a ^ (a >>> 15), 0xc2b2_ae35);
  high[row] = (a ^ (a >>> 16)) + 0x3c6e_f372;
  let b = Math.imul(
    (low[row] as number) ^ first ^ Math.imul(second ^ (second >>> 16), 0xcc9e_2d51),
    0x27d4_eb2f,
  );
  b = Math.imul(b ^ (b >>> 13), 0x1656_67b1);
  low[row] = (b ^ (b >>> 15)) + 0x9e37_79b9;
}
