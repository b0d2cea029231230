// A chunk: the values of one column in up to 65,536 rows as bytes, little-endian, with their digest.
import { digestOfBytes } from '../../domain/canonical-json.ts';
import { encodeTexts } from './texts.ts';

/** Most rows per chunk. */
export const CHUNK_ROWS = 65_536;

/** The parts of a dataset that are not features, in the order in which they are written. */
export const PARTS = {
  keys: 'key',
  clusters: 'cluster',
  times: 'time',
  holdout: 'holdout',
  labels: 'label',
} as const;

/** Part name of the feature at a position of the definition. */
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
 * The chunk of some values; its bytes are theirs and no copy. Tidegate runs on little-endian machines only, so they are
 * the memory itself.
 */
export function chunkOf(part: string, ordinal: number, values: Values): Chunk {
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  return { part, ordinal, bytes, digest: digestOfBytes(bytes) };
}

/** A chunk of texts. */
export function textChunkOf(part: string, ordinal: number, texts: readonly string[]): Chunk {
  let end = 0;
  const ends = Uint32Array.from(texts, (text) => (end += Buffer.byteLength(text)));
  return chunkOf(part, ordinal, encodeTexts(Buffer.from(texts.join('')), ends));
}

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
