// Reads the four JSON forms of MLflow's scoring protocol: dataframe_split, dataframe_records, instances and inputs.
import { TidegateError } from '../../domain/errors.ts';
import { excerpt } from '../../domain/excerpt.ts';
import { checkRows, type RequestTable } from './request-table.ts';

/** The forms in which a body may contain rows. */
const FORMS = ['dataframe_split', 'dataframe_records', 'instances', 'inputs'] as const;

/** The rows and parameters of a body. */
export interface ScoringRequest {
  readonly table: RequestTable;
  /** Parameters of the request; those that Tidegate does not know are ignored, as in MLflow. */
  readonly params: Readonly<Record<string, unknown>>;
}

/**
 * Reads a body of MLflow's protocol. Other fields, and columns that are not wanted, are ignored.
 *
 * @param wanted names of the columns to read
 * @param positions names of the columns of rows that are lists without names, in order
 * @throws TidegateError INVALID_REQUEST
 */
export function readScoringRequest(
  body: unknown,
  wanted: ReadonlySet<string>,
  positions: readonly string[],
): ScoringRequest {
  if (!isObject(body))
    throw refused(`the body must be an object with one of ${FORMS.join(', ')}`, 'the body is a list');
  const given = FORMS.filter((form) => Object.hasOwn(body, form));
  const [form] = given;
  if (form === undefined || given.length > 1) {
    const found = given.length > 1 ? given.join(' and ') : 'none of them';
    throw refused(`the body must have exactly one of ${FORMS.join(', ')}`, `it has ${found}`);
  }
  const params = body['params'] ?? {};
  if (!isObject(params)) throw refused('params must be an object');
  const value = body[form];
  const table =
    form === 'dataframe_split'
      ? readSplit(value, wanted)
      : form === 'dataframe_records'
        ? readRecords(form, listOf(form, value), wanted)
        : readTensor(form, value, wanted, positions);
  return { table, params };
}

/** Reads `{ columns, data }`: the names of the columns, and the rows as lists. */
function readSplit(split: unknown, wanted: ReadonlySet<string>): RequestTable {
  if (!isObject(split)) throw refused('dataframe_split must be an object with columns and data');
  const names = listOf('dataframe_split.columns', split['columns']).map((name) => {
    if (typeof name === 'string' || typeof name === 'number') return String(name);
    throw refused('dataframe_split.columns must be texts; several levels of column names are not supported');
  });
  const rows = listOf('dataframe_split.data', split['data']);
  return readRows('dataframe_split.data', rows, names, wanted);
}

/** Reads rows that are lists of values, whose names are given apart. */
function readRows(
  at: string,
  rows: readonly unknown[],
  names: readonly string[],
  wanted: ReadonlySet<string>,
): RequestTable {
  checkRows(rows.length);
  rows.forEach((row, index) => {
    if (!Array.isArray(row)) throw refused(`${at}.${index} must be a list`);
    if (row.length !== names.length)
      throw refused(`${at}.${index} has ${row.length} values, but there are ${names.length} columns`);
  });
  const columns = new Map<string, unknown[]>();
  names.forEach((name, place) => {
    if (!wanted.has(name)) return;
    if (columns.has(name)) throw refused(`the column ${excerpt(name)} appears twice`);
    columns.set(
      name,
      (rows as readonly (readonly unknown[])[]).map((row) => row[place]),
    );
  });
  return { rows: rows.length, columns };
}

/** Reads rows that are objects; a column that only some of them have is missing in the others. */
function readRecords(at: string, records: readonly unknown[], wanted: ReadonlySet<string>): RequestTable {
  checkRows(records.length);
  const columns = new Map<string, unknown[]>();
  records.forEach((record, index) => {
    if (!isObject(record)) throw refused(`${at}.${index} must be an object`);
    for (const [name, value] of Object.entries(record)) {
      if (!wanted.has(name)) continue;
      let column = columns.get(name);
      if (!column) columns.set(name, (column = new Array<unknown>(records.length).fill(null)));
      column[index] = value;
    }
  });
  return { rows: records.length, columns };
}

/** Reads `instances` and `inputs`: records, rows as lists in the order of the definition, or columns by name. */
function readTensor(
  form: string,
  value: unknown,
  wanted: ReadonlySet<string>,
  positions: readonly string[],
): RequestTable {
  if (isObject(value)) return readColumns(form, value, wanted);
  const rows = listOf(form, value);
  if (isObject(rows[0])) return readRecords(form, rows, wanted);
  return readRows(
    form,
    rows.map((row) => (Array.isArray(row) ? (row as unknown[]) : [row])),
    positions,
    wanted,
  );
}

/** Reads columns by name. A single value is a column of one row. */
function readColumns(
  at: string,
  given: Readonly<Record<string, unknown>>,
  wanted: ReadonlySet<string>,
): RequestTable {
  const columns = new Map<string, unknown[]>();
  let rows: number | undefined;
  for (const [name, value] of Object.entries(given)) {
    if (!wanted.has(name)) continue;
    const column = (Array.isArray(value) ? value : [value]).map(unwrapped);
    if (rows !== undefined && rows !== column.length)
      throw refused(`${at}.${excerpt(name)} has ${column.length} values, but another column has ${rows}`);
    rows = column.length;
    columns.set(name, column);
  }
  checkRows(rows ?? 0);
  return { rows: rows ?? 0, columns };
}

/** Columns of the shape [n, 1] contain lists of one value. */
const unwrapped = (value: unknown): unknown =>
  Array.isArray(value) && value.length === 1 ? (value[0] as unknown) : value;

function listOf(at: string, value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value as unknown[];
  throw refused(`${at} must be a list`);
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const refused = (expected: string, found?: string): TidegateError =>
  new TidegateError('INVALID_REQUEST', found === undefined ? expected : `${expected}; ${found}`, {
    remedy: 'Send for example {"dataframe_split": {"columns": ["monthly_fee"], "data": [[12.5]]}}.',
  });
