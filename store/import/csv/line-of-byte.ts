// On which line of a file a byte stands.
import { createReadStream } from 'node:fs';
import iconv from 'iconv-lite';
import { type Encoding } from './byte-decoder.ts';

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
