// A chunk: the values of one column for up to 65,536 rows, as little-endian bytes with their digest.
import { digestOfBytes } from '../../domain/canonical-json.ts';
import { encodeTexts } from './texts.ts';

/** Maximum number of rows per chunk. */
export const CHUNK_ROWS = 65_536;

/** The parts of a dataset that are not features, in the order in which they are written. */
export const PARTS = {
  keys: 'key',
  clusters: 'cluster',
  times: 'time',
  holdout: 'holdout',
  labels: 'label',
} as const;

/** Returns the part name of the feature at a position in the definition. */
export const featurePart = (position: number): string => `feature_${position}`;

/** One stored piece of a column. */
export interface Chunk {
  readonly part: string;
  readonly ordinal: number;
  readonly bytes: Buffer;
  readonly digest: string;
}

type Values = Float64Array | Uint32Array | Uint8Array | BigInt64Array;

/**
 * Makes a chunk of some values without copying them: its bytes are the memory of the values. This is correct because
 * Tidegate runs on little-endian machines only.
 */
export function chunkOf(part: string, ordinal: number, values: Values): Chunk {
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  return { part, ordinal, bytes, digest: digestOfBytes(bytes) };
}

/** Makes a chunk of texts. */
export function textChunkOf(part: string, ordinal: number, texts: readonly string[]): Chunk {
  let end = 0;
  const ends = Uint32Array.from(texts, (text) => (end += Buffer.byteLength(text)));
  return chunkOf(part, ordinal, encodeTexts(Buffer.from(texts.join('')), ends));
}

type Place = [buffer: ArrayBufferLike, start: number, length: number];

// A typed array must begin at a multiple of its element size. The bytes of a large chunk arrive aligned; those of a
// small one may begin at any offset and are copied then.
const placeOf = ({ buffer, byteOffset, length }: Buffer, size: number): Place =>
  byteOffset % size === 0
    ? [buffer, byteOffset, length / size]
    : [buffer.slice(byteOffset, byteOffset + length), 0, length / size];

/**
 * Returns the numbers of a chunk; a view of the bytes if they are aligned, else a copy. A view is valid as long as
 * the bytes are.
 */
export const numbersIn = (bytes: Buffer): Float64Array => new Float64Array(...placeOf(bytes, 8));

/** Returns the codes or clusters of a chunk; a view or a copy, as in {@link numbersIn}. */
export const codesIn = (bytes: Buffer): Uint32Array => new Uint32Array(...placeOf(bytes, 4));

/** Returns the times of a chunk in microseconds since 1970; a view or a copy, as in {@link numbersIn}. */
export const timesIn = (bytes: Buffer): BigInt64Array => new BigInt64Array(...placeOf(bytes, 8));
