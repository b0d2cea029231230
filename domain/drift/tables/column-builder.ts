// Builds a column from a table's text cells and finds out whether it is numeric or a category.
import { categoryOf } from '../../model/parts/category.ts';
import { type FeatureColumn, MISSING_CODE } from '../../data/frame.ts';
import { type PandasType } from '../evidently/sample.ts';

/** The kind that a column is compared as. */
export type ColumnKind = FeatureColumn['kind'];

/** The kind of a column is decided after this many rows, or later if none of them has a value. */
const ROWS_TO_DECIDE = 10_000;

/**
 * Collects a column cell by cell. The column is numeric if all values in its first 10,000 rows are numbers and none has
 * a leading zero, as codes have. Otherwise, for example if it contains true and false, it is a category.
 *
 * @example
 * const builder = new ColumnBuilder('fee');
 * builder.add('29.85');
 * builder.column(); // { kind: 'numeric', name: 'fee', values: [29.85] }
 */
export class ColumnBuilder {
  readonly #name: string;
  #kind: ColumnKind | undefined;
  #undecided: (string | null)[] = [];
  #numbers = new Float64Array(1_024);
  #codes = new Uint32Array(1_024);
  readonly #codeOf = new Map<string, number>();
  #rows = 0;
  #present = 0;
  #allWhole = true;
  #allFlags = true;

  /** @param kind the kind, if it is already known. @default found out from the values */
  constructor(name: string, kind?: ColumnKind) {
    this.#name = name;
    this.#kind = kind;
  }

  /** Adds a cell; null is missing. @returns false if the cell does not fit: a text in a numeric column */
  add(cell: string | null): boolean {
    if (this.#kind !== undefined) return this.#store(cell);
    this.#undecided.push(cell);
    if (cell !== null) this.#present += 1;
    if (this.#undecided.length >= ROWS_TO_DECIDE && this.#present > 0) return this.#decide();
    return true;
  }

  /** Whether no cell so far had a value. */
  get isEmpty(): boolean {
    return this.#present === 0;
  }

  /** Returns the column of all cells so far. If none has a value, its kind is arbitrary. */
  column(): FeatureColumn {
    if (this.#kind === undefined) this.#decide();
    const name = this.#name;
    if (this.#kind === 'numeric')
      return { kind: 'numeric', name, values: this.#numbers.slice(0, this.#rows) };
    return {
      kind: 'category',
      name,
      codes: this.#codes.slice(0, this.#rows),
      dictionary: [...this.#codeOf.keys()],
    };
  }

  /** The type as which pandas would read the column. */
  get pandasType(): PandasType {
    if (this.#kind === 'category') return this.#allFlags && this.#present > 0 ? 'bool' : 'string';
    return this.#allWhole && this.#present === this.#rows ? 'int' : 'float';
  }

  #decide(): boolean {
    const cells = this.#undecided;
    this.#kind = cells.every(
      (cell) => cell === null || (numberIn(cell) !== undefined && !looksLikeCode(cell)),
    )
      ? 'numeric'
      : 'category';
    this.#undecided = [];
    this.#present = 0;
    return cells.every((cell) => this.#store(cell));
  }

  #store(cell: string | null): boolean {
    if (this.#kind === 'category') this.#storeText(cell);
    else {
      const value = cell === null ? NaN : numberIn(cell);
      if (value === undefined) return false;
      this.#storeNumber(value, cell);
    }
    this.#rows += 1;
    return true;
  }

  #storeNumber(value: number, cell: string | null): void {
    if (this.#rows === this.#numbers.length) {
      const longer = new Float64Array(2 * this.#rows);
      longer.set(this.#numbers);
      this.#numbers = longer;
    }
    this.#numbers[this.#rows] = value;
    if (Number.isNaN(value)) return;
    this.#present += 1;
    if (this.#allWhole && !/^\s*[+-]?\d+\s*$/.test(cell ?? '')) this.#allWhole = false;
  }

  #storeText(cell: string | null): void {
    if (this.#rows === this.#codes.length) {
      const longer = new Uint32Array(2 * this.#rows);
      longer.set(this.#codes);
      this.#codes = longer;
    }
    if (cell === null) {
      this.#codes[this.#rows] = MISSING_CODE;
      return;
    }
    this.#present += 1;
    if (this.#allFlags && !/^(true|false)$/i.test(cell)) this.#allFlags = false;
    const category = categoryOf(cell);
    const known = this.#codeOf.get(category);
    const code = known ?? this.#codeOf.size;
    if (known === undefined) this.#codeOf.set(category, code);
    this.#codes[this.#rows] = code;
  }
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

const INFINITE = /^([+-]?)inf(?:inity)?$/i;

const MISSING_NUMBER = /^(?:nan|na|n\/a|null|none)$/i;

/**
 * Returns the number in a cell; NaN for texts such as "NA" that mean a missing value, undefined for any other text.
 *
 * @example numberIn('1e3'); // 1000
 * numberIn('NA'); // NaN
 * numberIn('12 kg'); // undefined
 */
function numberIn(cell: string): number | undefined {
  const text = cell.trim();
  if (NUMBER.test(text)) return Number(text);
  const infinite = INFINITE.exec(text);
  if (infinite) return infinite[1] === '-' ? -Infinity : Infinity;
  return MISSING_NUMBER.test(text) ? NaN : undefined;
}

/** Whether a number has a leading zero, as codes have. @example looksLikeCode('01234') // true */
const looksLikeCode = (cell: string): boolean => /^\s*[+-]?0\d/.test(cell);
