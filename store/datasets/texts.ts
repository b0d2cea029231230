// The format of a chunk of texts: how many texts there are, the end offset of each, and their UTF-8 bytes. With the
// offsets, one text can be read without the others.

const NUMBER_BYTES = 4;

/** The texts of some rows, decoded one by one on request. */
export class Texts {
  readonly length: number;
  readonly #bytes: Buffer;
  readonly #ends: DataView;
  readonly #first: number;

  /** @param chunk bytes of a chunk; they must not change while this object is used */
  constructor(chunk: Uint8Array) {
    this.#bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    this.length = this.#bytes.readUInt32LE(0);
    this.#first = NUMBER_BYTES * (1 + this.length);
    this.#ends = new DataView(chunk.buffer, chunk.byteOffset + NUMBER_BYTES, NUMBER_BYTES * this.length);
  }

  /** Returns the text of a row. */
  at(row: number): string {
    return this.bytesAt(row).toString('utf8');
  }

  /** Returns the bytes of a row's text, as a view and not a copy. */
  bytesAt(row: number): Buffer {
    return this.#bytes.subarray(
      this.#start(row),
      this.#first + this.#ends.getUint32(NUMBER_BYTES * row, true),
    );
  }

  #start(row: number): number {
    return this.#first + (row === 0 ? 0 : this.#ends.getUint32(NUMBER_BYTES * (row - 1), true));
  }
}

/**
 * Returns the bytes of a chunk.
 *
 * @param ends end offset of each text in `bytes`; the first text begins at 0
 */
export function encodeTexts(bytes: Uint8Array, ends: Uint32Array): Buffer {
  const length = ends.at(-1) ?? 0;
  const chunk = Buffer.allocUnsafe(NUMBER_BYTES * (1 + ends.length) + length);
  chunk.writeUInt32LE(ends.length, 0);
  chunk.set(new Uint8Array(ends.buffer, ends.byteOffset, ends.byteLength), NUMBER_BYTES);
  chunk.set(bytes.subarray(0, length), NUMBER_BYTES * (1 + ends.length));
  return chunk;
}
