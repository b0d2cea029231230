// A CSV file as a stream of records, each with the line it begins on.
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { TextDecoder } from 'node:util';
import { CsvError, parse } from 'csv-parse';

/** One record of a file, the header included. */
export interface CsvRecord {
  /** Line of the file on which the record begins, from 1. */
  readonly line: number;
  readonly cells: readonly string[];
  /** Whether bytes that are not UTF-8 were met so far; each of them reads as U+FFFD. */
  readonly mangled: boolean;
}

/** A file that stops being CSV at `line`. */
export class MalformedCsv extends Error {
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.name = 'MalformedCsv';
    this.line = line;
  }
}

/** A quote left open would otherwise swallow the rest of the file into memory. */
const MOST_RECORD_BYTES = 16 * 1024 * 1024;

// Not the parser's to find: at that of UTF-16 it would go on, and break lines inside of characters.
const BYTE_ORDER_MARK = Buffer.from('\ufeff');

const complaints: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: 'a quote is opened and never closed',
  CSV_INVALID_CLOSING_QUOTE: 'text follows a closing quote; inside quotes, write a quote twice',
  INVALID_OPENING_QUOTE: 'a quote stands inside an unquoted value; quote the whole value',
  CSV_MAX_RECORD_SIZE: 'the record is longer than 16 MB; perhaps a quote is not closed',
};

/**
 * Reads a file record by record: commas, double quotes, LF, CRLF or CR, with or without a byte order mark. Blank
 * lines are passed over; a record may have any number of cells.
 *
 * @throws MalformedCsv where the quoting is broken
 */
export async function* csvRecords(path: string): AsyncGenerator<CsvRecord> {
  const encoding = { mangled: false };
  let line = 1;
  try {
    for await (const cells of parsed(path, encoding)) {
      const blank = cells.length === 1 && cells[0] === '';
      if (!blank) yield { line, cells, mangled: encoding.mangled };
      line += linesOf(cells);
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new MalformedCsv(
      await lineAfter(path, Number(error.records)),
      complaints[error.code] ?? error.message,
    );
  }
}

/** The cells of each line, blank ones included; sets `mangled` before a record that holds bytes outside UTF-8. */
function parsed(path: string, encoding: { mangled: boolean }, most = -1): AsyncIterable<string[]> {
  const parser = parse({
    relax_column_count: true,
    record_delimiter: ['\r\n', '\n', '\r'],
    max_record_size: MOST_RECORD_BYTES,
    to: most,
  });
  const watchUtf8 = async function* (chunks: AsyncIterable<Buffer>) {
    const decoder = new TextDecoder('utf-8', { fatal: true });
    let first = true;
    for await (const chunk of chunks) {
      encoding.mangled ||= !decodes(decoder, chunk);
      yield first && chunk.indexOf(BYTE_ORDER_MARK) === 0 ? chunk.subarray(BYTE_ORDER_MARK.length) : chunk;
      first = false;
    }
    encoding.mangled ||= !decodes(decoder);
  };
  // Whatever fails on the way destroys the parser, and so is thrown to whoever iterates over it.
  pipeline(createReadStream(path, { highWaterMark: 256 * 1024 }), watchUtf8, parser, () => undefined);
  return parser;
}

// An error overtakes the records that the parser still holds, so the sound ones before it are counted anew. The
// parser's own count of lines is wrong for CRLF within quotes.
async function lineAfter(path: string, records: number): Promise<number> {
  let line = 1;
  if (records === 0) return line;
  for await (const cells of parsed(path, { mangled: false }, records)) line += linesOf(cells);
  return line;
}

function decodes(decoder: TextDecoder, chunk?: Buffer): boolean {
  try {
    decoder.decode(chunk, { stream: chunk !== undefined });
    return true;
  } catch {
    return false;
  }
}

function linesOf(cells: readonly string[]): number {
  let lines = 1;
  for (const cell of cells) {
    if (cell.includes('\n') || cell.includes('\r')) lines += cell.split(/\r\n|\n|\r/).length - 1;
  }
  return lines;
}
