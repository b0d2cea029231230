// Where a command writes: answers to standard output, everything about getting them to standard error.
import { styleText } from 'node:util';
import { type Table, tableLines } from './table.ts';

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
