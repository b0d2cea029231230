// What bytes that are not UTF-8 could mean, for a person to choose from.
import iconv from 'iconv-lite';

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

const MOST = 4;
const SEPARATORS = /[\s,;|"']+/u;
const BEYOND_ASCII = /[^\0-\x7f]/u;
const WORD = /^[\p{L}\p{M}\p{N}]+$/u;

/**
 * Reads bytes by each encoding in common use and gives up to four in which they are words, each with the first word
 * that holds more than ASCII.
 *
 * @example possibleReadings(Buffer.from('crème', 'latin1')) // ['windows-1252 ("crème")', 'windows-1250 ("crčme")']
 */
export function possibleReadings(bytes: Buffer): string[] {
  const readings = new Map<string, string>();
  for (const encoding of candidates) {
    const words = iconv
      .decode(bytes, encoding)
      .split(SEPARATORS)
      .filter((word) => BEYOND_ASCII.test(word));
    const [first] = words;
    if (first === undefined || readings.has(first) || !words.every(isWord)) continue;
    readings.set(first, `${encoding} (${JSON.stringify(first)})`);
    if (readings.size === MOST) break;
  }
  return [...readings.values()];
}

const isWord = (text: string): boolean => {
  if (!WORD.test(text)) return false;
  const foreign = [...text].filter((letter) => BEYOND_ASCII.test(letter)).join('');
  return !/[a-z]/i.test(text) || /^\p{Script=Latin}+$/u.test(foreign);
};
