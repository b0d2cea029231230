// A chunk of texts: how many, where each ends, and their UTF-8 bytes; so that one is read without the others.

const NUMBER_BYTES = 4;

/** Texts of some rows, as bytes until somebody asks for one. */
export class Texts {
  readonly length: number;
  readonly #bytes: Buffer;
  readonly #ends: DataView;
  readonly #first: number;

  /** @param chunk bytes of a chunk, which must stay as they are */
  constructor(chunk: Uint8Array) {
    this.#bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    this.length = this.#bytes.readUInt32LE(0);
    this.#first = NUMBER_BYTES * (1 + this.length);
    this.#ends = new DataView(chunk.buffer, chunk.byteOffset + NUMBER_BYTES, NUMBER_BYTES * this.length);
  }

  /** The text of a row. */
  at(row: number): string {
    return this.bytesAt(row).toString('utf8');
  }

  /** The bytes of a row's text; a view, not a copy. */
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
 * The bytes of a chunk.
 *
 * @param ends where each text ends in `bytes`; the first begins at 0
 */
export function encodeTexts(bytes: Uint8Array, ends: Uint32Array): Buffer {
  const length = ends.at(-1) ?? 0;
  const chunk = Buffer.allocUnsafe(NUMBER_BYTES * (1 + ends.length) + length);
  chunk.writeUInt32LE(ends.length, 0);
  chunk.set(new Uint8Array(ends.buffer, ends.byteOffset, ends.byteLength), NUMBER_BYTES);
  chunk.set(bytes.subarray(0, length), NUMBER_BYTES * (1 + ends.length));
  return chunk;
}
