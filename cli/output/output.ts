// Writes the output of a command: the answer to standard output, progress to standard error.
import { styleText } from 'node:util';

/** A stream that may be a terminal. */
export interface Stream {
  readonly isTTY?: boolean | undefined;
  write(text: string): unknown;
}

/** How to write. */
export interface OutputOptions {
  readonly stdout: Stream;
  readonly stderr: Stream;
  /** Whether to use colours on a terminal; other streams never get colours. @default true */
  readonly colour?: boolean;
}

type Style = Parameters<typeof styleText>[0];

/** The output of one command. */
export class Output {
  readonly #stdout: Stream;
  readonly #stderr: Stream;
  readonly #colour: boolean;

  constructor({ stdout, stderr, colour = true }: OutputOptions) {
    this.#stdout = stdout;
    this.#stderr = stderr;
    this.#colour = colour && stdout.isTTY === true;
  }

  /** Whether standard output is a terminal. */
  get isTerminal(): boolean {
    return this.#stdout.isTTY === true;
  }

  /** Writes one line of the answer. */
  line(text = ''): void {
    this.#stdout.write(`${text}\n`);
  }

  /** Writes a title; bold on a terminal. */
  heading(text: string): void {
    this.line(this.#styled('bold', text));
  }

  /** Writes a table; its head is dimmed on a terminal. */
  table(table: Table): void {
    tableLines(table).forEach((text, index) => this.line(index === 0 ? this.#styled('dim', text) : text));
  }

  /** Writes the whole answer as one JSON document; the command must write nothing else to standard output. */
  json(value: unknown): void {
    this.#stdout.write(`${JSON.stringify(value, null, 2)}\n`);
  }

  /** Writes one line about the progress to standard error. */
  progress(text: string): void {
    this.#stderr.write(`${text}\n`);
  }

  /** Replaces the status line on standard error, if that is a terminal. An empty text removes it. */
  status(text: string): void {
    if (this.#stderr.isTTY === true) this.#stderr.write(`\r\u001B[K${text}`);
  }

  #styled(style: Style, text: string): string {
    return this.#colour ? styleText(style, text, { validateStream: false }) : text;
  }
}

/** A cell; null, undefined and an empty text are shown as a dash. */
export type Cell = string | number | null | undefined;

/** A table with one row per record. */
export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

const DASH = '–';

const GAP = '  ';

/**
 * Formats a table as lines. A column whose cells are all numbers or dashes is aligned to the right.
 *
 * @example tableLines({ head: ['version', 'stage'], rows: [[2, 'Staging']] })
 * // ['version  stage', '      2  Staging']
 */
export function tableLines({ head, rows }: Table): string[] {
  const texts = rows.map((row) => head.map((_, column) => textOf(row[column])));
  const widths = head.map((title, column) =>
    Math.max(widthOf(title), ...texts.map((row) => widthOf(row[column] ?? ''))),
  );
  const isRight = head.map((_, column) => rows.length > 0 && rows.every((row) => isNumeric(row[column])));
  return [head, ...texts].map((row) => {
    const cells = row.map((text, column) => {
      const space = ' '.repeat((widths[column] ?? 0) - widthOf(text));
      return isRight[column] ? space + text : text + space;
    });
    return cells.join(GAP).trimEnd();
  });
}

const textOf = (cell: Cell): string =>
  cell === null || cell === undefined || cell === '' ? DASH : String(cell);

const isNumeric = (cell: Cell): boolean =>
  cell === null ||
  cell === undefined ||
  typeof cell === 'number' ||
  /^[<−+-]?[\d.,]+(e-?\d+)?( %)?$/.test(cell);

const widthOf = (text: string): number => [...text].length;
