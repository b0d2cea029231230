// The type of a new table's column, as the values of a file suggest it.
import { cellCheckFor } from './cell-checks.ts';

/** Types that are inferred, as Postgres spells them. */
export type InferredType = 'bigint' | 'numeric' | 'boolean' | 'date' | 'timestamptz' | 'text';

// A leading zero or plus sign belongs to a code, not to a number: 01067, +49. So does an E without a sign: 12E4.
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

/** From the narrowest to the widest of each kind; whatever is none of them is text. */
const tests: readonly (readonly [InferredType, (value: string) => boolean])[] = [
  ['bigint', (value) => WHOLE.test(value) && isBigint(value)],
  // A whole number that fits no bigint is a code: numbers are not so long.
  ['numeric', (value) => NUMBER.test(value) && isNumeric(value) && !(WHOLE.test(value) && !isBigint(value))],
  ['boolean', (value) => BOOLEAN.test(value)],
  ['date', isDate],
  ['timestamptz', isInstant],
];

/** Looks at the values of one column, in constant memory. */
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

  /** Text if there is no value, or none but infinities. */
  get type(): InferredType {
    return this.#isReal ? (this.#possible[0]?.[0] ?? 'text') : 'text';
  }

  /** The value that made the column text, though all before it were of another type; undefined if there is none. */
  get textBecause():
    { readonly value: string; readonly at: number; readonly before: InferredType } | undefined {
    return this.#textBecause;
  }
}
