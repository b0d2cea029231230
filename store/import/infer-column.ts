// Infers the type of a new table's column from the values in a file.
import { cellCheckFor } from './cell-checks.ts';

/** The types that can be inferred, as Postgres spells them. */
export type InferredType = 'bigint' | 'numeric' | 'boolean' | 'date' | 'timestamptz' | 'text';

// A text with a leading zero or plus sign is a code and not a number: 01067, +49. So is one with an E without a sign:
// 12E4.
const WHOLE = /^-?(0|[1-9]\d*)$/;
const NUMBER = /^-?((0|[1-9]\d*)(\.\d*)?|\.\d+)(e[+-]\d+)?$/i;
const BOOLEAN = /^(true|false)$/i;

const isInfinite = (value: string): boolean => value === 'infinity' || value === '-infinity';
const fits = (type: string): ((value: string) => boolean) => {
  const check = cellCheckFor(type);
  return (value) => check(value) === undefined;
};
const isBigint = fits('bigint');
const isNumeric = fits('numeric');
const isDate = fits('date');
const isInstant = fits('timestamp with time zone');

/**
 * The tests in the order in which they are tried: narrower types come before wider ones of the same kind. If the
 * values of a column pass none, its type is text.
 */
const tests: readonly (readonly [InferredType, (value: string) => boolean])[] = [
  ['bigint', (value) => WHOLE.test(value) && isBigint(value)],
  // A whole number that does not fit in a bigint is a code: real numbers are not that long.
  ['numeric', (value) => NUMBER.test(value) && isNumeric(value) && !(WHOLE.test(value) && !isBigint(value))],
  ['boolean', (value) => BOOLEAN.test(value)],
  ['date', isDate],
  ['timestamptz', isInstant],
];

/** Infers the type of one column from its values, in constant memory. */
export class ColumnInference {
  #possible = tests;
  #values = 0;
  #isReal = false;
  #textBecause: { readonly value: string; readonly at: number; readonly before: InferredType } | undefined;

  /** @param at line or row of the file */
  add(value: string, at: number): void {
    const isEnd = isInfinite(value);
    this.#values += 1;
    if (!isEnd) this.#isReal = true;
    const before = this.#possible;
    this.#possible = before.filter(([, test]) => test(value));
    const last = before[0];
    if (this.#possible.length === 0 && last && this.#values > 1)
      this.#textBecause = { value, at, before: last[0] };
  }

  /** The inferred type; text if there are no values or only infinities. */
  get type(): InferredType {
    return this.#isReal ? (this.#possible[0]?.[0] ?? 'text') : 'text';
  }

  /**
   * The value that made the column text although all values before it fit another type; undefined if there is none.
   */
  get textBecause():
    { readonly value: string; readonly at: number; readonly before: InferredType } | undefined {
    return this.#textBecause;
  }
}
