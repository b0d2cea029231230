// Whether a file can be read as Windows-1252 without guessing at a letter.
import { createReadStream } from 'node:fs';
import iconv from 'iconv-lite';

// Its neighbours on the machines of Central Europe and Turkey, and Latin-9, write most letters by the same bytes.
const NEIGHBOURS = ['windows-1250', 'windows-1254', 'iso-8859-2', 'iso-8859-15'] as const;

/** For each byte whether it is a letter beyond ASCII, the same one in all of the encodings. */
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
 * Whether every byte beyond ASCII is a letter that the Latin encodings share (`ä`, `é`, `ç`; not `è` or `ñ`, which are
 * `č` and `ń` in Central Europe), standing alone beside a letter of ASCII, as no word in another script does.
 */
export async function isWesternBeyondDoubt(path: string): Promise<boolean> {
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
