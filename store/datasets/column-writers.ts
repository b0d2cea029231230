// Column writers: each collects the values of one column, a chunk at a time, from the binary fields that Postgres
// sends.
import { MISSING_CODE } from '../../domain/data/frame.ts';
import { type WireBytes } from '../postgres/copy-out.ts';
import { ByteDictionary } from '../join/byte-dictionary.ts';
import { type Chunk, chunkOf } from './chunk.ts';
import { encodeTexts } from './texts.ts';

/** Collects one column. `put` receives the offset of the column's field and its length in bytes, −1 for null. */
export interface ColumnWriter {
  put(row: number, wire: WireBytes, at: number, length: number): void;
  /** Returns the chunk of the first `rows` rows. Its bytes are valid until the next `put`. */
  chunk(part: string, ordinal: number, rows: number): Chunk;
}

/** Collects fields of type float8. Null and NaN are missing values. */
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

/** Collects fields of type text as codes: indexes into a dictionary that grows with each new value. */
export class CategoryWriter implements ColumnWriter {
  readonly codes: Uint32Array;
  /** Distinct values in the order of their first row. Brought up to date by `readDictionary` and `chunk`. */
  readonly dictionary: string[] = [];
  readonly #known = new ByteDictionary();

  constructor(capacity: number) {
    this.codes = new Uint32Array(capacity);
  }

  put(row: number, { bytes }: WireBytes, at: number, length: number): void {
    this.codes[row] = length < 0 ? MISSING_CODE : this.#known.codeOf(bytes, at, length);
  }

  /** Takes the value of a row from a column of a merged view. */
  putFrom(row: number, from: TranslatedCodes, at: number): void {
    const code = from.codes[at] as number;
    this.codes[row] = code === MISSING_CODE ? MISSING_CODE : from.translate(code, this.#known);
  }

  /** Adds to the dictionary the values that are new since the last call, and returns the dictionary. */
  readDictionary(): readonly string[] {
    for (const text of this.#known.texts(this.dictionary.length)) this.dictionary.push(text);
    return this.dictionary;
  }

  chunk(part: string, ordinal: number, rows: number): Chunk {
    this.readDictionary();
    return chunkOf(part, ordinal, this.codes.subarray(0, rows));
  }
}

/** Codes of another dictionary, and what they are in the one of a writer. */
export class TranslatedCodes {
  readonly codes: Uint32Array;
  readonly #from: ByteDictionary;
  /** The number of each code in the writer's dictionary, −1 for those that have not occurred yet. */
  readonly #numbers: Int32Array;

  constructor(codes: Uint32Array, from: ByteDictionary) {
    this.codes = codes;
    this.#from = from;
    this.#numbers = new Int32Array(from.size).fill(-1);
  }

  /** Adds the value to the dictionary at its first use, so that values are numbered in the order of their first row. */
  translate(code: number, to: ByteDictionary): number {
    const known = this.#numbers[code] as number;
    if (known >= 0) return known;
    return (this.#numbers[code] = this.#from.addTo(to, code));
  }
}

/** Collects fields of type bigint: microseconds since 1970. */
export class TimeWriter implements ColumnWriter {
  readonly values: BigInt64Array;
  // Writes each bigint as two 32-bit numbers, because a bigint value would be allocated as an object.
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

/** One byte per row; the caller writes `values` directly. */
export class ByteWriter {
  readonly values: Uint8Array;

  constructor(capacity: number) {
    this.values = new Uint8Array(capacity);
  }

  chunk(part: string, ordinal: number, rows: number): Chunk {
    return chunkOf(part, ordinal, this.values.subarray(0, rows));
  }
}

/** Collects fields of type text as they are. */
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
    // For texts as short as keys, this loop is faster than a call into native code.
    for (let index = 0; index < length; index += 1) this.#bytes[start + index] = bytes[at + index] as number;
    this.#ends[row] = end;
  }

  /** Returns whether the field is equal, byte for byte, to the text of a row that was put before. */
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
