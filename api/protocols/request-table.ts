// The rows of a request column by column, as the protocols of other tools send them, and how they become typed columns.
import { type ColumnValues } from '../../domain/learning/artifact/compiled.ts';
import { categoryOf } from '../../domain/model/parts/category.ts';
import { type ColumnSpec, isNumeric } from '../../domain/model/parts/column.ts';
import { type SourceColumn } from '../../domain/model/define-model.ts';
import { errorAtPlaces, MAX_PLACES, type Place, TidegateError } from '../../domain/errors.ts';
import { describeMismatch, readSentValue } from '../prediction/read-features.ts';
import { readInstant } from '../schemas/prediction.ts';

/** The numbers of a binary tensor. */
export type NumberArray =
  | Float64Array
  | Float32Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/** The values of one column, one for each row: those of a tensor, or any values of JSON. */
export type SentValues = readonly unknown[] | NumberArray;

/** The rows of a request. */
export interface RequestTable {
  readonly rows: number;
  readonly columns: ReadonlyMap<string, SentValues>;
}

/** Maximum number of rows of one request. */
export const MAX_TABLE_ROWS = 10_000;

/** Refuses a table that is too long. @throws TidegateError INVALID_REQUEST */
export function checkRows(rows: number): void {
  if (rows <= MAX_TABLE_ROWS) return;
  throw new TidegateError(
    'INVALID_REQUEST',
    `the request has ${rows} rows, but at most ${MAX_TABLE_ROWS} are allowed`,
    { remedy: 'Send the rows in several requests.' },
  );
}

/**
 * Converts the values of columns to the types that the definition declares. NaN and null are missing values. A flag may be
 * sent as 0 or 1, and an instant without an offset is in UTC, because these protocols have no other way to write them.
 *
 * @returns one for each of `inputs`; null if the table does not have the column
 * @throws TidegateError INVALID_FEATURE naming the first 20 values that do not have the type, as `<column>.<row>`
 */
export function fitColumns(inputs: readonly SourceColumn[], { rows, columns }: RequestTable): ColumnValues[] {
  const problems: Place[] = [];
  const fitted = inputs.map(({ name, spec }) => {
    const values = columns.get(name);
    if (!values || problems.length > MAX_PLACES) return null;
    const refuse = (row: number, value: unknown): void => {
      if (problems.length <= MAX_PLACES)
        problems.push({ at: `${name}.${row}`, problem: describeMismatch(spec, value) });
    };
    return isNumeric(spec) ? fitNumbers(spec, values, rows, refuse) : fitTexts(spec, values, rows, refuse);
  });
  if (problems.length > 0) throw errorAtPlaces('INVALID_FEATURE', problems);
  return fitted;
}

type Refuse = (row: number, value: unknown) => void;

function fitNumbers(spec: ColumnSpec, values: SentValues, rows: number, refuse: Refuse): Float64Array {
  // A tensor of finite doubles is used as it is.
  if (spec.type === 'numeric' && values instanceof Float64Array && values.every(isFiniteOrNaN)) return values;
  const fitted = new Float64Array(rows);
  for (let row = 0; row < rows; row += 1) {
    const value = plain(values[row]);
    if (isMissing(value)) fitted[row] = NaN;
    else {
      const read = spec.type === 'instant' ? readAnyInstant(value) : readSentValue(spec.type, value);
      if (read === undefined) refuse(row, value);
      else fitted[row] = read as number;
    }
  }
  return fitted;
}

function fitTexts(spec: ColumnSpec, values: SentValues, rows: number, refuse: Refuse): (string | null)[] {
  const fitted = new Array<string | null>(rows);
  for (let row = 0; row < rows; row += 1) {
    const value = plain(values[row]);
    if (isMissing(value)) fitted[row] = null;
    else if (spec.type === 'flag') {
      const isTrue = value === 1 ? true : value === 0 ? false : value;
      if (typeof isTrue === 'boolean') fitted[row] = isTrue ? 'true' : 'false';
      else refuse(row, value);
    } else if (readSentValue(spec.type, value) === undefined) refuse(row, value);
    else fitted[row] = categoryOf(value as string);
  }
  return fitted;
}

const isFiniteOrNaN = (value: number): boolean => value - value === 0 || value !== value;

const isMissing = (value: unknown): boolean =>
  value === null || value === undefined || (typeof value === 'number' && Number.isNaN(value));

/** Whole numbers of 64 bits become numbers, as in JSON. */
const plain = (value: unknown): unknown => (typeof value === 'bigint' ? Number(value) : value);

const WITHOUT_OFFSET = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?$/;

/** Reads an instant as {@link readInstant} does; without an offset it is in UTC, as Python writes it. */
function readAnyInstant(value: unknown): number | undefined {
  if (typeof value !== 'string' || !WITHOUT_OFFSET.test(value)) return readInstant(value);
  return readInstant(`${value.replace(' ', 'T')}Z`);
}
