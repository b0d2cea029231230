// A file as chunks of text, or the place at which its bytes stop being text.
import { createReadStream } from 'node:fs';
import { MalformedFile } from '../rows/row-source.ts';
import { decoderOf, type Encoding, UndecodableBytes } from './byte-decoder.ts';
import iconv from 'iconv-lite';

/** A piece of a file's text. */
export interface TextChunk {
  readonly text: string;
  /** Whether nothing follows. */
  readonly isLast: boolean;
  /** Bytes of the file read so far. */
  readonly bytes: number;
  /** How many bytes a text takes in the file. */
  readonly bytesOf: (text: string) => number;
}

const CHUNK_BYTES = 256 * 1024;

/**
 * Reads a file from byte `skip` on; the last chunk comes with what was left over, and may be empty.
 *
 * @throws MalformedFile naming line and byte where the bytes are not of the encoding
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

/** The byte, from 0, with which the decoder fails; all before `sound` were decoded already. */
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

/** How many line breaks a text holds: LF, CRLF or CR. */
export function breaksIn(text: string): number {
  if (!text.includes('\n') && !text.includes('\r')) return 0;
  return text.match(BREAKS)?.length ?? 0;
}

/** The line, from 1, on which byte number `byte`, from 0, stands; bytes before it that mean nothing are passed over. */
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
