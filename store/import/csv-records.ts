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
  let mangled = false;
  const parser = parse({
    bom: true,
    relax_column_count: true,
    record_delimiter: ['\r\n', '\n', '\r'],
    max_record_size: MOST_RECORD_BYTES,
  });
  const watchUtf8 = async function* (chunks: AsyncIterable<Buffer>) {
    const decoder = new TextDecoder('utf-8', { fatal: true });
    for await (const chunk of chunks) {
      mangled ||= !decodes(decoder, chunk);
      yield chunk;
    }
    mangled ||= !decodes(decoder);
  };
  // Whatever fails on the way destroys the parser, and so is thrown by the loop below.
  pipeline(createReadStream(path, { highWaterMark: 256 * 1024 }), watchUtf8, parser, () => undefined);

  let line = 1;
  try {
    for await (const cells of parser as AsyncIterable<string[]>) {
      const blank = cells.length === 1 && cells[0] === '';
      if (!blank) yield { line, cells, mangled };
      line += 1 + lineBreaksIn(cells);
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new MalformedCsv(line, complaints[error.code] ?? error.message);
  }
}

function decodes(decoder: TextDecoder, chunk?: Buffer): boolean {
  try {
    decoder.decode(chunk, { stream: chunk !== undefined });
    return true;
  } catch {
    return false;
  }
}

// The parser's own count is wrong for CRLF within quotes.
function lineBreaksIn(cells: readonly string[]): number {
  let breaks = 0;
  for (const cell of cells) {
    if (cell.includes('\n') || cell.includes('\r')) breaks += cell.split(/\r\n|\n|\r/).length - 1;
  }
  return breaks;
}
