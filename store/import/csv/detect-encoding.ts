// Detects the encoding of a file from its byte order mark, the encoding that the user names, or its bytes.
import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { MalformedFile } from '../rows/row-source.ts';
import { type Encoding } from './byte-decoder.ts';
import { lineOfByte } from './read-text.ts';
import iconv from 'iconv-lite';

/** How to read a file as text. */
export interface DetectedEncoding {
  readonly encoding: Encoding;
  /** Number of bytes to skip at the start of the file: the byte order mark, if there is one. */
  readonly skip: number;
  /** Whether the encoding was guessed from the bytes: neither the user nor the file names it, and it is not UTF-8. */
  readonly isGuess: boolean;
}

const marks: readonly (readonly [encoding: Encoding, mark: Buffer])[] = [
  ['utf-8', Buffer.from([0xef, 0xbb, 0xbf])],
  ['utf-16le', Buffer.from([0xff, 0xfe])],
  ['utf-16be', Buffer.from([0xfe, 0xff])],
];
const UTF_32_MARKS = [Buffer.from([0xff, 0xfe, 0, 0]), Buffer.from([0, 0, 0xfe, 0xff])];

/**
 * Detects the encoding. The first rule that applies decides: a byte order mark; the encoding that the user names;
 * UTF-16 if every other byte at the start is zero; UTF-8 if all bytes of the file are valid; Windows-1252 if all its
 * bytes above ASCII are letters that similar encodings share.
 *
 * @param name the name of the file in messages
 * @throws MalformedFile if the encoding is ambiguous, with the encodings that are possible
 */
export async function detectEncoding(
  file: { readonly name: string; readonly path: string },
  named: Encoding | undefined,
): Promise<DetectedEncoding> {
  const head = await readHead(file.path);
  if (UTF_32_MARKS.some((mark) => head.subarray(0, 4).equals(mark))) {
    throw new MalformedFile(`${file.name}:1`, 'is UTF-32; save it as UTF-8');
  }
  const marked = marks.find(([, mark]) => head.subarray(0, mark.length).equals(mark));
  if (marked) return { encoding: marked[0], skip: marked[1].length, isGuess: false };
  if (named !== undefined) return { encoding: named, skip: 0, isGuess: false };
  const wide = utf16Of(head);
  if (wide) return { encoding: wide, skip: 0, isGuess: true };
  const offence = await firstByteNotUtf8(file.path);
  if (!offence) return { encoding: 'utf-8', skip: 0, isGuess: false };
  if (await isWesternBeyondDoubt(file.path)) return { encoding: 'windows-1252', skip: 0, isGuess: true };
  const line = await lineOfByte(file.path, 'windows-1252', offence.byte);
  throw new MalformedFile(
    `${file.name}:${line}`,
    `is not UTF-8 (byte ${offence.byte + 1})${alternatives(offence.context)}; name the encoding`,
  );
}

const alternatives = (context: Buffer): string => {
  const readings = possibleReadings(context);
  return readings.length === 0 ? '' : `; it could be ${readings.join(', ')}`;
};

const HEAD_BYTES = 4096;

async function readHead(path: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of createReadStream(path, { end: HEAD_BYTES - 1 })) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/**
 * Detects UTF-16 without a byte order mark: a header is mostly ASCII, so in UTF-16 every other byte of the header is
 * zero, and in UTF-8 no byte is zero.
 */
function utf16Of(head: Buffer): Encoding | undefined {
  const pairs = head.length >> 1;
  let even = 0;
  let odd = 0;
  for (let at = 0; at < 2 * pairs; at += 2) {
    if (head[at] === 0) even += 1;
    if (head[at + 1] === 0) odd += 1;
  }
  if (odd > pairs / 2 && even === 0) return 'utf-16le';
  return even > pairs / 2 && odd === 0 ? 'utf-16be' : undefined;
}

interface Offence {
  /** Offset in the file, from 0. */
  readonly byte: number;
  /** The bytes around it, including itself. */
  readonly context: Buffer;
}

const CONTEXT_BYTES = 24;

async function firstByteNotUtf8(path: string): Promise<Offence | undefined> {
  let held = Buffer.alloc(0);
  let start = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    const bytes = Buffer.concat([held, chunk as Buffer]);
    const end = endOfWholeCharacters(bytes);
    if (!isUtf8(bytes.subarray(0, end))) return offenceIn(bytes, start);
    held = bytes.subarray(end);
    start += end;
  }
  return held.length > 0 ? offenceIn(held, start) : undefined;
}

/** Returns the offset at which an incomplete last character begins, or the length of the chunk. */
function endOfWholeCharacters(bytes: Buffer): number {
  for (let back = 1; back <= 3; back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) break;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 0;
    if (length > back) return bytes.length - back;
    if (length > 0) break;
  }
  return bytes.length;
}

// The first byte that changes when the bytes are decoded and encoded again is not valid UTF-8.
function offenceIn(bytes: Buffer, start: number): Offence {
  const again = Buffer.from(bytes.toString('utf8'));
  let at = 0;
  while (at < bytes.length && bytes[at] === again[at]) at += 1;
  const context = bytes.subarray(Math.max(0, at - CONTEXT_BYTES), at + CONTEXT_BYTES);
  return { byte: start + at, context };
}

const candidates = [
  'windows-1252',
  'windows-1250',
  'windows-1251',
  'windows-1253',
  'macintosh',
  'cp850',
  'koi8-r',
  'shift_jis',
  'gb18030',
  'big5',
  'euc-kr',
] as const;

const MAX_READINGS = 4;

const SEPARATORS = /[\s,;|"']+/u;

const BEYOND_ASCII = /[^\0-\x7f]/u;

const WORD = /^[\p{L}\p{M}\p{N}]+$/u;

/**
 * Decodes bytes with each encoding in common use. Returns up to four encodings in which all texts are words, each
 * with its first word that is not pure ASCII.
 *
 * @example possibleReadings(Buffer.from('crème', 'latin1')) // ['windows-1252 ("crème")', 'windows-1250 ("crčme")']
 */
function possibleReadings(bytes: Buffer): string[] {
  const readings = new Map<string, string>();
  for (const encoding of candidates) {
    const words = iconv
      .decode(bytes, encoding)
      .split(SEPARATORS)
      .filter((word) => BEYOND_ASCII.test(word));
    const [first] = words;
    if (first === undefined || readings.has(first) || !words.every(isWord)) continue;
    readings.set(first, `${encoding} (${JSON.stringify(first)})`);
    if (readings.size === MAX_READINGS) break;
  }
  return [...readings.values()];
}

const isWord = (text: string): boolean => {
  if (!WORD.test(text)) return false;
  const foreign = [...text].filter((letter) => BEYOND_ASCII.test(letter)).join('');
  return !/[a-z]/i.test(text) || /^\p{Script=Latin}+$/u.test(foreign);
};

// Encodings of Central Europe and Turkey, and Latin-9: they use the same bytes for most letters as Windows-1252.
const NEIGHBOURS = ['windows-1250', 'windows-1254', 'iso-8859-2', 'iso-8859-15'] as const;

/** For each byte, whether it is the same non-ASCII letter in all these encodings. */
const isShared: readonly boolean[] = Array.from({ length: 256 }, (_, byte) => {
  const letter = iconv.decode(Buffer.of(byte), 'windows-1252');
  return (
    byte >= 0x80 &&
    /\p{L}/u.test(letter) &&
    NEIGHBOURS.every((encoding) => iconv.decode(Buffer.of(byte), encoding) === letter)
  );
});

const isAsciiLetter = (byte: number): boolean =>
  (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);

/**
 * Returns whether every non-ASCII byte is a letter that the Latin encodings share (`ä`, `é`, `ç`; not `è` or `ñ`,
 * which are `č` and `ń` in Central Europe) and stands next to an ASCII letter, and not next to another non-ASCII
 * byte. No word in another script looks like this.
 */
async function isWesternBeyondDoubt(path: string): Promise<boolean> {
  let before = 0;
  let current = 0;
  const fits = (after: number): boolean =>
    current < 0x80 ||
    (isShared[current] === true &&
      before < 0x80 &&
      after < 0x80 &&
      (isAsciiLetter(before) || isAsciiLetter(after)));
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    for (const after of chunk as Buffer) {
      if (!fits(after)) return false;
      before = current;
      current = after;
    }
  }
  return fits(0);
}
