// Parsers for the options that describe the format of CSV files.
import { InvalidArgumentError } from 'commander';
import { type Encoding, encodingNamed } from '../../store/import/csv/byte-decoder.ts';

const separators: Readonly<Record<string, string>> = {
  comma: ',',
  semicolon: ';',
  tab: '\t',
  '\\t': '\t',
  pipe: '|',
  space: ' ',
};

/**
 * Parses a delimiter: one character, or its name.
 *
 * @throws InvalidArgumentError for more than one character, a quote or a line break
 * @example parseDelimiter('tab') // '\t'
 */
export function parseDelimiter(text: string): string {
  const delimiter = Object.hasOwn(separators, text) ? separators[text] : text;
  if (delimiter?.length === 1 && !/["\r\n\0\ufeff]/.test(delimiter)) return delimiter;
  throw new InvalidArgumentError('Write one character, or comma, semicolon, tab, pipe or space.');
}

/**
 * Parses a quote character: one character, or `none`, which returns an empty text.
 *
 * @throws InvalidArgumentError for more than one character, or a line break
 * @example parseQuote('none') // ''
 */
export function parseQuote(text: string): string {
  if (text === 'none') return '';
  if (text.length === 1 && !/[\r\n\0\ufeff]/.test(text)) return text;
  throw new InvalidArgumentError('Write one character, or none.');
}

/**
 * Parses the name of a text encoding.
 *
 * @throws InvalidArgumentError for an unknown one
 * @example parseEncoding('Latin1') // 'windows-1252'
 */
export function parseEncoding(text: string): Encoding {
  const encoding = encodingNamed(text);
  if (encoding !== undefined) return encoding;
  throw new InvalidArgumentError(
    'Write an encoding such as utf-8, utf-16le, utf-16be, latin1, windows-1252 or shift_jis.',
  );
}
