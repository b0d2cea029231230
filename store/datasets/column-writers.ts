// Collect the values of one column, a chunk at a time, from the binary fields that Postgres sends.
import { MISSING_CODE } from '../../domain/data/frame.ts';
import { type WireBytes } from '../postgres/copy-out.ts';
import { ByteDictionary } from './byte-dictionary.ts';
import { type Chunk, chunkOf } from './chunk.ts';
import { encodeTexts } from './texts.ts';

/** Takes a column's field of each row: where it lies and how long it is, −1 for null. */
export interface ColumnWriter {
  put(row: number, wire: WireBytes, at: number, length: number): void;
  /** The chunk of the first `rows` rows. Its bytes are good until the next `put`. */
  chunk(part: string, ordinal: number, rows: number): Chunk;
}

/** Fields of type float8; null and NaN are missing. */
export class NumericWriter implements ColumnWriter {
  readonly values: Float64Array;

  constructor(capacity: number) {
    this.values = new Float64Array(capacity);
  }

  put(row: number, { view }: WireBytes, at: number, length: number): void {
    this.values[row] = length < 0 ? NaN : view.getFloat64(at);
  }

  chunk(part: string, ordinal: number, rows: number): Chunk {
    return chunkOf(part, ordinal, this.values.subarray(0, rows));
  }
}

/** Fields of type text, as numbers into a dictionary that grows with each new value. */
export class CategoryWriter implements ColumnWriter {
  readonly codes: Uint32Array;
  /** Distinct values in the order of their first row; up to date after `readDictionary` and `chunk`. */
  readonly dictionary: string[] = [];
  readonly #known = new ByteDictionary();

  constructor(capacity: number) {
    this.codes = new Uint32Array(capacity);
  }

  put(row: number, { bytes }: WireBytes, at: number, length: number): void {
    this.codes[row] = length < 0 ? MISSING_CODE : this.#known.codeOf(bytes, at, length);
  }

  /** Makes texts of the values that came since the last call. */
  readDictionary(): readonly string[] {
    for (const text of this.#known.texts(this.dictionary.length)) this.dictionary.push(text);
    return this.dictionary;
  }

  chunk(part: string, ordinal: number, rows: number): Chunk {
    this.readDictionary();
    return chunkOf(part, ordinal, this.codes.subarray(0, rows));
  }
}

/** Fields of type bigint, as they are: microseconds since 1970. */
export class TimeWriter implements ColumnWriter {
  readonly values: BigInt64Array;
  // A bigint is an object; its halves are numbers.
  readonly #halves: Uint32Array;

  constructor(capacity: number) {
    this.values = new BigInt64Array(capacity);
    this.#halves = new Uint32Array(this.values.buffer);
  }

  put(row: number, { view }: WireBytes, at: number, length: number): void {
    this.#halves[2 * row] = length < 0 ? 0 : view.getUint32(at + 4);
    this.#halves[2 * row + 1] = length < 0 ? 0 : view.getUint32(at);
  }

  chunk(part: string, ordinal: number, rows: number): Chunk {
    return chunkOf(part, ordinal, this.values.subarray(0, rows));
  }
}

/** One byte a row, set by whoever knows it. */
export class ByteWriter {
  readonly values: Uint8Array;

  constructor(capacity: number) {
    this.values = new Uint8Array(capacity);
  }

  chunk(part: string, ordinal: number, rows: number): Chunk {
    return chunkOf(part, ordinal, this.values.subarray(0, rows));
  }
}

/** Fields of type text, as they are. */
export class TextWriter implements ColumnWriter {
  readonly #ends: Uint32Array;
  #bytes = Buffer.allocUnsafe(65_536);

  constructor(capacity: number) {
    this.#ends = new Uint32Array(capacity);
  }

  put(row: number, { bytes }: WireBytes, at: number, length: number): void {
    const start = row === 0 ? 0 : (this.#ends[row - 1] as number);
    const end = start + Math.max(0, length);
    if (end > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(2 * this.#bytes.length, end));
      this.#bytes.copy(grown, 0, 0, start);
      this.#bytes = grown;
    }
    // Shorter than a call into native code, for keys.
    for (let index = 0; index < length; index += 1) this.#bytes[start + index] = bytes[at + index] as number;
    this.#ends[row] = end;
  }

  /** Whether the field is, to the byte, the text of a row that was put before. */
  isAt(row: number, { bytes }: WireBytes, at: number, length: number): boolean {
    const start = row === 0 ? 0 : (this.#ends[row - 1] as number);
    if ((this.#ends[row] as number) - start !== length) return false;
    for (let index = 0; index < length; index += 1) {
      if (this.#bytes[start + index] !== bytes[at + index]) return false;
    }
    return true;
  }

  chunk(part: string, ordinal: number, rows: number): Chunk {
    return chunkOf(part, ordinal, encodeTexts(this.#bytes, this.#ends.subarray(0, rows)));
  }
}
