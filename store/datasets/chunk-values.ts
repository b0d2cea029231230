// The values of a chunk that goes by, as typed arrays over its bytes.

type Place = [buffer: ArrayBufferLike, start: number, length: number];

// Typed arrays stand at multiples of their size. The bytes of a large chunk do so where they arrive, those of a small
// one anywhere.
const placeOf = ({ buffer, byteOffset, length }: Buffer, size: number): Place =>
  byteOffset % size === 0
    ? [buffer, byteOffset, length / size]
    : [buffer.slice(byteOffset, byteOffset + length), 0, length / size];

/** Numbers of a chunk; a view where it can be one, good as long as the bytes are. */
export const numbersIn = (bytes: Buffer): Float64Array => new Float64Array(...placeOf(bytes, 8));

/** Codes or clusters of a chunk; a view where it can be one, good as long as the bytes are. */
export const codesIn = (bytes: Buffer): Uint32Array => new Uint32Array(...placeOf(bytes, 4));

/** Times of a chunk, microseconds since 1970; a view where it can be one, good as long as the bytes are. */
export const timesIn = (bytes: Buffer): BigInt64Array => new BigInt64Array(...placeOf(bytes, 8));
