// Collect the values of one column, a chunk at a time, from the texts that Postgres sends.
import { type Chunk, CHUNK_ROWS, chunkOf, textChunkOf } from './chunk.ts';
import { MISSING_CODE } from '../../domain/features/frame.ts';

/** Takes a column's values in row order; after each `CHUNK_ROWS` values `take` gives the chunk and empties it. */
export interface ColumnWriter {
  push(text: string | null): void;
  take(): Chunk;
}

type Buffered = Float64Array | Uint32Array | Uint8Array | BigInt64Array;

function writer<B extends Buffered>(
  part: string,
  buffer: B,
  put: (at: number, text: string | null) => void,
): ColumnWriter {
  let filled = 0;
  let ordinal = 0;
  return {
    push(text) {
      put(filled, text);
      filled += 1;
    },
    take() {
      // Copied, so that the next chunk does not write over bytes still on their way to Postgres.
      const chunk = chunkOf(part, ordinal, buffer.slice(0, filled));
      filled = 0;
      ordinal += 1;
      return chunk;
    },
  };
}

/** Numbers; null and NaN are missing. */
export function numericWriter(part: string): ColumnWriter {
  const buffer = new Float64Array(CHUNK_ROWS);
  return writer(part, buffer, (at, text) => (buffer[at] = text === null ? NaN : Number(text)));
}

/** Categories; `dictionary` grows with each new value. */
export function categoryWriter(part: string, dictionary: string[]): ColumnWriter {
  const buffer = new Uint32Array(CHUNK_ROWS);
  const codes = new Map<string, number>();
  return writer(part, buffer, (at, text) => {
    buffer[at] = text === null ? MISSING_CODE : codeOf(codes, dictionary, text);
  });
}

/** Dense numbers for texts, from 0 in the order of their first row. */
export function denseWriter(part: string): ColumnWriter {
  const buffer = new Uint32Array(CHUNK_ROWS);
  const codes = new Map<string, number>();
  return writer(part, buffer, (at, text) => (buffer[at] = codeOf(codes, undefined, text ?? '')));
}

/** Small whole numbers; null becomes `missing`. */
export function byteWriter(part: string, missing: number): ColumnWriter {
  const buffer = new Uint8Array(CHUNK_ROWS);
  return writer(part, buffer, (at, text) => (buffer[at] = text === null ? missing : Number(text)));
}

/** Microseconds since 1970. */
export function timeWriter(part: string): ColumnWriter {
  const buffer = new BigInt64Array(CHUNK_ROWS);
  return writer(part, buffer, (at, text) => (buffer[at] = BigInt(text ?? '0')));
}

/** Texts as they are. */
export function textWriter(part: string): ColumnWriter {
  let texts: string[] = [];
  let ordinal = 0;
  return {
    push: (text) => void texts.push(text ?? ''),
    take() {
      const chunk = textChunkOf(part, ordinal, texts);
      texts = [];
      ordinal += 1;
      return chunk;
    },
  };
}

function codeOf(codes: Map<string, number>, dictionary: string[] | undefined, text: string): number {
  const known = codes.get(text);
  if (known !== undefined) return known;
  const code = codes.size;
  codes.set(text, code);
  dictionary?.push(text);
  return code;
}
