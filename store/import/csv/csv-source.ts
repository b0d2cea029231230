// Reads a CSV file as a source of rows, with a given or detected encoding and delimiter.
import { type Batch, MalformedFile, type RowSource } from '../rows/row-source.ts';
import { type Encoding } from './byte-decoder.ts';
import { CsvSplitter } from './csv-splitter.ts';
import { type DetectedEncoding, detectEncoding } from './detect-encoding.ts';
import { readText } from './read-text.ts';

/** The format of CSV files. Absent values are detected. */
export interface CsvOptions {
  /** As {@link encodingNamed} returns it; a byte order mark overrides it. @default detected */
  readonly encoding?: Encoding;
  /** One character. @default comma, semicolon, tab or pipe, detected from the header */
  readonly delimiter?: string;
  /** One character, or an empty text if cells are never quoted. @default the double quote */
  readonly quote?: string;
}

/** A file to read. */
export interface CsvFile {
  /** The name of the file in messages. */
  readonly name: string;
  readonly path: string;
}

/**
 * Opens a CSV file and reads its header. The delimiter is detected from the expected column names that the header
 * contains.
 *
 * @returns undefined for a file without a header
 * @throws MalformedFile if it is not text, or if its header is not CSV
 */
export async function openCsv(
  file: CsvFile,
  expected: readonly string[],
  options: CsvOptions,
): Promise<RowSource | undefined> {
  const detected = await detectEncoding(file, options.encoding);
  const batches = csvBatches(file, detected, expected, options);
  for (;;) {
    const { value: first, done } = await batches.next();
    if (done) return undefined;
    const [header, ...rows] = first.rows;
    if (header === undefined) continue;
    return {
      header: header.cells.map((cell) => cell ?? ''),
      headerAt: `${file.name}:${header.at}`,
      emptyIsMissing: true,
      assumed: detected.isGuess
        ? `${file.name} does not declare its encoding and is read as ${detected.encoding}`
        : undefined,
      place: (at) => `${file.name}:${at}`,
      batches: async function* () {
        yield { rows, bytes: first.bytes };
        yield* batches;
      },
      close: async () => void (await batches.return(undefined)),
    };
  }
}

async function* csvBatches(
  file: CsvFile,
  { encoding, skip }: DetectedEncoding,
  expected: readonly string[],
  { delimiter, quote = '"' }: CsvOptions,
): AsyncGenerator<Batch, undefined> {
  let splitter: CsvSplitter | undefined;
  let textBytes = skip;
  for await (const { text, isLast, bytes, bytesOf } of readText(file, encoding, skip)) {
    splitter ??= new CsvSplitter({ delimiter: delimiter ?? detectDelimiter(text, expected, quote), quote });
    const rows = splitter.push(text, isLast);
    textBytes += bytesOf(text);
    yield { rows, bytes };
    if (splitter.broken) {
      const { line, offset, problem } = splitter.broken;
      const byte = textBytes - bytesOf(splitter.held.slice(offset)) + 1;
      throw new MalformedFile(`${file.name}:${line}`, `${problem} (byte ${byte})`);
    }
  }
}

/** The delimiters that can be detected. */
const delimiters = [',', ';', '\t', '|'] as const;

const FIRST_LINE = /^[\r\n]*([^\r\n]*)/;

/**
 * Returns the delimiter with which the first line contains the most expected names; if several do, the one of them
 * that occurs most often; in case of doubt a comma.
 *
 * @example detectDelimiter('user_id;fee\n7;1,5', ['user_id', 'fee'], '"') // ';'
 */
function detectDelimiter(text: string, expected: Iterable<string>, quote: string | undefined): string {
  const line = FIRST_LINE.exec(text)?.[1] ?? '';
  const names = new Set(expected);
  const candidates = delimiters.filter((delimiter) => delimiter !== quote);
  const scores = candidates.map((delimiter) => {
    const cells = line.split(delimiter);
    const found = cells.filter((cell) => names.has(unquoted(cell, quote)));
    return { delimiter, found: new Set(found).size, cells: cells.length };
  });
  scores.sort((a, b) => b.found - a.found || b.cells - a.cells);
  return scores[0]?.delimiter ?? ',';
}

function unquoted(cell: string, quote: string | undefined): string {
  const isQuoted = quote !== undefined && cell.length > 1 && cell.startsWith(quote) && cell.endsWith(quote);
  return isQuoted ? cell.slice(1, -1).replaceAll(quote + quote, quote) : cell;
}
