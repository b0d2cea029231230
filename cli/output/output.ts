// Where a command writes: answers to standard output, everything about getting them to standard error.
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
  /** Whether colours are wanted at all; they are used on terminals only. @default true */
  readonly colour?: boolean;
}

type Style = Parameters<typeof styleText>[0];

/** Writes what a command says. */
export class Output {
  readonly #stdout: Stream;
  readonly #stderr: Stream;
  readonly #colour: boolean;

  constructor({ stdout, stderr, colour = true }: OutputOptions) {
    this.#stdout = stdout;
    this.#stderr = stderr;
    this.#colour = colour && stdout.isTTY === true;
  }

  /** Whether a person looks at the answers as they come. */
  get isTerminal(): boolean {
    return this.#stdout.isTTY === true;
  }

  /** One line of the answer. */
  line(text = ''): void {
    this.#stdout.write(`${text}\n`);
  }

  /** A title, set apart on a terminal. */
  heading(text: string): void {
    this.line(this.#styled('bold', text));
  }

  /** A table; its head is set apart on a terminal. */
  table(table: Table): void {
    tableLines(table).forEach((text, index) => this.line(index === 0 ? this.#styled('dim', text) : text));
  }

  /** The whole answer as one JSON document; nothing else may be written to standard output then. */
  json(value: unknown): void {
    this.#stdout.write(`${JSON.stringify(value, null, 2)}\n`);
  }

  /** One line about what is going on, beside the answer. */
  progress(text: string): void {
    this.#stderr.write(`${text}\n`);
  }

  /** How far something is, in place of what was told before it; on a terminal only. An empty text takes it away. */
  status(text: string): void {
    if (this.#stderr.isTTY === true) this.#stderr.write(`\r\u001B[K${text}`);
  }

  #styled(style: Style, text: string): string {
    return this.#colour ? styleText(style, text, { validateStream: false }) : text;
  }
}

/** A cell; null and undefined are shown as a dash. */
export type Cell = string | number | null | undefined;

/** A table with one row a record. */
export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

const DASH = '–';

const GAP = '  ';

/**
 * A table as lines. A column whose cells are all numbers or dashes is aligned to the right.
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
