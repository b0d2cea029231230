// A CSV file as a source of rows: encoding and delimiter detected or named.
import { type Batch, MalformedFile, type RowSource } from '../rows/row-source.ts';
import { type Encoding } from './byte-decoder.ts';
import { CsvSplitter } from './csv-splitter.ts';
import { type DetectedEncoding, detectEncoding } from './detect-encoding.ts';
import { readText } from './read-text.ts';

/** How CSV files are written, as far as it is named and not to be detected. */
export interface CsvOptions {
  /** As {@link encodingNamed} gives it; a byte order mark says otherwise. @default detected */
  readonly encoding?: Encoding;
  /** One character. @default comma, semicolon, tab or pipe, as the header has it */
  readonly delimiter?: string;
  /** One character, or empty for none. @default the double quote */
  readonly quote?: string;
}

/** A file to read. */
export interface CsvFile {
  /** As messages show it. */
  readonly name: string;
  readonly path: string;
}

/**
 * Opens a CSV file and reads its header. A header that names a column is what tells delimiters apart, so the names that
 * it should hold are given.
 *
 * @returns nothing for a file without a header
 * @throws MalformedFile where it is not text, or its header is not CSV
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
        ? `${file.name} is read as ${detected.encoding}, which it does not say`
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

/** What a delimiter may be without being named. */
const delimiters = [',', ';', '\t', '|'] as const;

const FIRST_LINE = /^[\r\n]*([^\r\n]*)/;

/**
 * The delimiter by which the first line holds most of the expected names; where they say nothing, the one that occurs
 * most often; a comma in doubt.
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
