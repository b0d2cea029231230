// Splits the text of a CSV file, which arrives in chunks, into rows of cells.
import { type SourceRow } from '../rows/row-source.ts';
import { breaksIn } from './read-text.ts';

/** The characters that separate and quote cells. */
export interface CsvDialect {
  /** One character. */
  readonly delimiter: string;
  /** One character; undefined if quotes have no special meaning. */
  readonly quote: string | undefined;
}

/** Where and why a text is not valid CSV. */
export interface CsvBreak {
  /** Line, from 1. */
  readonly line: number;
  /** Offset in {@link CsvSplitter.held} in UTF-16 units. */
  readonly offset: number;
  readonly problem: string;
}

/** Without a limit, an unclosed quote would read the rest of the file into memory. */
const MAX_RECORD_CHARACTERS = 16 * 1024 * 1024;

const LF = 10;
const CR = 13;

/**
 * Splits text into rows. LF, CRLF and CR end a row, in any mixture; within quotes they are text, and a quote is
 * written twice. Blank lines are skipped, but a line with `""` is a row with one empty cell. A row may have any
 * number of cells.
 *
 * @example
 * const splitter = new CsvSplitter({ delimiter: ',', quote: '"' });
 * splitter.push('a,"b', false); // []
 * splitter.push('"\n', true); // [{ at: 1, cells: ['a', 'b'] }]
 */
export class CsvSplitter {
  readonly #delimiter: number;
  readonly #quote: number;
  readonly #quoteText: string;
  /** The text of the row that is not complete yet. */
  #held = '';
  #line = 1;
  #broken: CsvBreak | undefined;

  constructor({ delimiter, quote = '' }: CsvDialect) {
    this.#delimiter = delimiter.charCodeAt(0);
    this.#quote = quote === '' ? -1 : quote.charCodeAt(0);
    this.#quoteText = quote;
  }

  /** Text that was pushed and belongs to a row that is not complete yet. */
  get held(): string {
    return this.#held;
  }

  /** Set if the text is not valid CSV. Nothing can be pushed after that. */
  get broken(): CsvBreak | undefined {
    return this.#broken;
  }

  /** Returns the rows that this chunk completes; with the last chunk, all remaining rows. */
  push(chunk: string, isLast: boolean): SourceRow[] {
    const text = this.#held + chunk;
    const rows: SourceRow[] = [];
    const { length } = text;
    const delimiter = this.#delimiter;
    const quote = this.#quote;
    let cells: string[] = [];
    /** Offset at which the current row begins. */
    let rowStart = 0;
    let at = 0;
    let extraLines = 0;

    while (at < length || cells.length > 0) {
      let cell: string;
      const isQuoted = at < length && text.charCodeAt(at) === quote;
      if (isQuoted) {
        const end = this.#closingQuote(text, rowStart, at, isLast);
        if (end < 0) break;
        cell = text.slice(at + 1, end);
        extraLines += breaksIn(cell);
        if (cell.includes(this.#quoteText))
          cell = cell.replaceAll(this.#quoteText.repeat(2), this.#quoteText);
        at = end + 1;
      } else {
        const start = at;
        let code = -1;
        while (at < length) {
          code = text.charCodeAt(at);
          if (code === delimiter || code === LF || code === CR || code === quote) break;
          at += 1;
        }
        if (at < length && code === quote) {
          this.#break(text, rowStart, at, 'a quote is inside an unquoted value; quote the whole value');
          break;
        }
        cell = text.slice(start, at);
      }
      // The cell ends here: at a delimiter, a line break, or the end of the text.
      if (at === length && !isLast) break;
      const code = at < length ? text.charCodeAt(at) : LF;
      if (code === CR && at + 1 === length && !isLast) break;
      cells.push(cell);
      if (code === delimiter) {
        at += 1;
        continue;
      }
      if (code !== LF && code !== CR) {
        const problem = 'text follows a closing quote; inside quotes, write a quote twice';
        this.#break(text, rowStart, at, problem);
        break;
      }
      if (cells.length > 1 || cell !== '' || isQuoted) rows.push({ at: this.#line, cells });
      at += code === CR && text.charCodeAt(at + 1) === LF ? 2 : 1;
      this.#line += 1 + extraLines;
      rowStart = at;
      extraLines = 0;
      cells = [];
    }
    this.#held = text.slice(rowStart);
    if (!this.#broken && this.#held.length > MAX_RECORD_CHARACTERS) {
      this.#break(text, rowStart, rowStart, 'the record is longer than 16 MB; perhaps a quote is not closed');
    }
    return rows;
  }

  /** Returns the offset of the quote that closes the one at `open`; -1 if it is not in the text yet. */
  #closingQuote(text: string, rowStart: number, open: number, isLast: boolean): number {
    let from = open + 1;
    for (;;) {
      const end = text.indexOf(this.#quoteText, from);
      if (end < 0) {
        if (isLast) this.#break(text, rowStart, open, 'a quote is opened and never closed');
        return -1;
      }
      if (text.charCodeAt(end + 1) !== this.#quote) return end + 1 === text.length && !isLast ? -1 : end;
      from = end + 2;
    }
  }

  #break(text: string, rowStart: number, at: number, problem: string): void {
    const line = this.#line + breaksIn(text.slice(rowStart, at));
    this.#broken = { line, offset: at - rowStart, problem };
  }
}
