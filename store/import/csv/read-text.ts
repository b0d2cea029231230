// Reads a file as chunks of text, and finds the place of the first byte that cannot be decoded.
import { createReadStream } from 'node:fs';
import { MalformedFile } from '../rows/row-source.ts';
import { decoderOf, type Encoding, UndecodableBytes } from './byte-decoder.ts';
import iconv from 'iconv-lite';

/** A piece of a file's text. */
export interface TextChunk {
  readonly text: string;
  /** Whether this is the last chunk. */
  readonly isLast: boolean;
  /** Bytes of the file read so far. */
  readonly bytes: number;
  /** Returns the number of bytes that a text takes in the file. */
  readonly bytesOf: (text: string) => number;
}

const CHUNK_BYTES = 256 * 1024;

/**
 * Reads a file, starting at byte `skip`. The last chunk contains the rest of the text and may be empty.
 *
 * @throws MalformedFile with line and byte number, if bytes are invalid in the encoding
 */
export async function* readText(
  file: { readonly name: string; readonly path: string },
  encoding: Encoding,
  skip: number,
): AsyncGenerator<TextChunk, undefined> {
  const decoder = decoderOf(encoding);
  const bytesOf = (text: string): number => decoder.bytesOf(text);
  let bytes = skip;
  try {
    for await (const chunk of createReadStream(file.path, { start: skip, highWaterMark: CHUNK_BYTES })) {
      const text = decoder.decode(chunk as Buffer);
      bytes += (chunk as Buffer).length;
      yield { text, isLast: false, bytes, bytesOf };
    }
    yield { text: decoder.end(), isLast: true, bytes, bytesOf };
  } catch (error) {
    if (!(error instanceof UndecodableBytes)) throw error;
    const byte = await firstUndecodable(file.path, encoding, skip, bytes);
    const line = await lineOfByte(file.path, encoding, byte);
    throw new MalformedFile(`${file.name}:${line}`, `is not ${encoding} (byte ${byte + 1})`, error);
  }
}

/**
 * Returns the offset, from 0, of the byte at which the decoder fails. All bytes before `sound` are known to be valid.
 */
async function firstUndecodable(
  path: string,
  encoding: Encoding,
  skip: number,
  sound: number,
): Promise<number> {
  const decoder = decoderOf(encoding);
  let byte = skip;
  for await (const chunk of createReadStream(path, { start: skip, highWaterMark: CHUNK_BYTES })) {
    if (byte + (chunk as Buffer).length <= sound) {
      decoder.decode(chunk as Buffer);
      byte += (chunk as Buffer).length;
      continue;
    }
    for (const single of chunk as Buffer) {
      try {
        decoder.decode(Uint8Array.of(single));
      } catch {
        return byte;
      }
      byte += 1;
    }
  }
  return byte;
}

const BREAKS = /\r\n|\n|\r/g;

/** Counts the line breaks in a text: LF, CRLF or CR. */
export function breaksIn(text: string): number {
  if (!text.includes('\n') && !text.includes('\r')) return 0;
  return text.match(BREAKS)?.length ?? 0;
}

/** Returns the line, from 1, that contains the byte at offset `byte`, from 0. Invalid bytes before it are ignored. */
export async function lineOfByte(path: string, encoding: Encoding, byte: number): Promise<number> {
  if (byte === 0) return 1;
  const decoder = iconv.getDecoder(encoding);
  let lines = 1;
  let endsInReturn = false;
  for await (const chunk of createReadStream(path, { end: byte - 1 })) {
    const text = decoder.write(chunk as Buffer);
    lines += breaksIn(text) - (endsInReturn && text.startsWith('\n') ? 1 : 0);
    endsInReturn = text.endsWith('\r');
  }
  return lines;
}
