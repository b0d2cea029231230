// The encoding of features as a vector of numbers: fitted on training rows only, frozen with the version.
import { type FeatureColumn, type FeatureRecord, type Frame, MISSING_CODE } from '../features/frame.ts';

/** Levels of a category that get a term of their own; rarer ones share the term "other". */
const MOST_LEVELS = 200;

/** A number: standardised, with an indicator of missing where training rows missed it. */
export interface NumericEncoding {
  readonly kind: 'numeric';
  readonly name: string;
  readonly mean: number;
  readonly sd: number;
  readonly missing: boolean;
}

/** A category: one term per level, one for others where levels were pooled, one for missing where rows missed it. */
export interface CategoryEncoding {
  readonly kind: 'category';
  readonly name: string;
  /** Sorted by code point. */
  readonly levels: readonly string[];
  readonly other: boolean;
  readonly missing: boolean;
}

export type ColumnEncoding = NumericEncoding | CategoryEncoding;

/** How a version turns features into terms. The first term is the intercept. */
export interface Encoding {
  readonly columns: readonly ColumnEncoding[];
  /** Features left out because the training rows held one value only. */
  readonly constant: readonly string[];
}

/**
 * Fits an encoding on some rows of a frame. Infinite numbers count as missing.
 *
 * @example const encoding = fitEncoding(frame, trainingRows(frame));
 */
export function fitEncoding(frame: Frame, rows: Uint32Array): Encoding {
  const columns: ColumnEncoding[] = [];
  const constant: string[] = [];
  for (const column of frame.features) {
    const fitted = column.kind === 'numeric' ? fitNumeric(column, rows) : fitCategory(column, rows);
    if (fitted) columns.push(fitted);
    else constant.push(column.name);
  }
  return { columns, constant };
}

/** Number of terms of a column. */
export function widthOf(column: ColumnEncoding): number {
  if (column.kind === 'numeric') return column.missing ? 2 : 1;
  return column.levels.length + (column.other ? 1 : 0) + (column.missing ? 1 : 0);
}

/** Number of terms of a vector, the intercept among them. */
export const termsOf = (encoding: Encoding): number =>
  encoding.columns.reduce((sum, column) => sum + widthOf(column), 1);

/** Names of the terms in order: `(intercept)`, `fee`, `fee missing`, `service = DSL`, … */
export const termNames = (encoding: Encoding): string[] => [
  '(intercept)',
  ...encoding.columns.flatMap((column) =>
    column.kind === 'numeric'
      ? [column.name, ...(column.missing ? [`${column.name} missing`] : [])]
      : [
          ...column.levels.map((level) => `${column.name} = ${level}`),
          ...(column.other ? [`${column.name} = (other)`] : []),
          ...(column.missing ? [`${column.name} missing`] : []),
        ],
  ),
];

/** Writes a row of a frame as terms into `out`, which holds `termsOf(encoding)` numbers. */
export type RowEncoder = (row: number, out: Float64Array) => void;

/** Prepares the encoding of many rows of one frame. A feature that the frame lacks is missing in every row. */
export function rowEncoder(encoding: Encoding, frame: Frame): RowEncoder {
  const byName = new Map(frame.features.map((column) => [column.name, column]));
  const readers = encoding.columns.map((column) => readerOf(column, byName.get(column.name)));
  return (row, out) => {
    out.fill(0);
    out[0] = 1;
    let at = 1;
    encoding.columns.forEach((column, index) => {
      writeTerms(column, (readers[index] as Reader)(row), out, at);
      at += widthOf(column);
    });
  };
}

/** Writes a record as terms into `out`: the same numbers as `rowEncoder` gives for a row of the same values. */
export function encodeRecord(encoding: Encoding, record: FeatureRecord, out: Float64Array): void {
  out.fill(0);
  out[0] = 1;
  let at = 1;
  for (const column of encoding.columns) {
    const value = Object.hasOwn(record, column.name) ? record[column.name] : null;
    const read =
      column.kind === 'numeric' ? (typeof value === 'number' ? value : NaN) : levelOf(column, value);
    writeTerms(column, read, out, at);
    at += widthOf(column);
  }
}

/** Gives the number of a row, or the position of its level; NaN for missing. */
type Reader = (row: number) => number;

/** Position of a value of no known level, where none stands for others. */
const UNSEEN = -1;

function readerOf(column: ColumnEncoding, source: FeatureColumn | undefined): Reader {
  if (column.kind === 'numeric' && source?.kind === 'numeric') return (row) => source.values[row] ?? NaN;
  if (column.kind === 'category' && source?.kind === 'category') {
    const levels = Float64Array.from(source.dictionary, (value) => levelOf(column, value));
    return (row) => {
      const code = source.codes[row] ?? MISSING_CODE;
      return code === MISSING_CODE ? NaN : (levels[code] ?? UNSEEN);
    };
  }
  return () => NaN;
}

function levelOf(column: CategoryEncoding, value: string | number | null | undefined): number {
  if (value === null || value === undefined) return NaN;
  const level = column.levels.indexOf(String(value));
  if (level >= 0) return level;
  return column.other ? column.levels.length : UNSEEN;
}

function writeTerms(column: ColumnEncoding, value: number, out: Float64Array, at: number): void {
  if (!Number.isFinite(value)) {
    if (column.missing) out[at + widthOf(column) - 1] = 1;
  } else if (column.kind === 'numeric') {
    // Divided first: the difference of two huge numbers would overflow.
    out[at] = value / column.sd - column.mean / column.sd;
  } else if (value !== UNSEEN) {
    out[at + value] = 1;
  }
}

function fitNumeric(
  column: FeatureColumn & { kind: 'numeric' },
  rows: Uint32Array,
): NumericEncoding | undefined {
  let largest = 0;
  let known = 0;
  for (const row of rows) {
    const value = column.values[row] ?? NaN;
    if (!Number.isFinite(value)) continue;
    known += 1;
    largest = Math.max(largest, Math.abs(value));
  }
  if (known === 0 || largest === 0) return undefined;
  // In units of the largest value, so that neither sum nor square overflows; two passes, so that none cancels.
  let sum = 0;
  for (const row of rows) sum += scaled(column.values[row], largest);
  const mean = sum / known;
  let squares = 0;
  for (const row of rows) {
    const value = column.values[row] ?? NaN;
    if (Number.isFinite(value)) squares += (value / largest - mean) ** 2;
  }
  const sd = Math.sqrt(squares / known);
  // A constant column differs from its mean by rounding only.
  if (sd < 1e-12 * Math.max(Math.abs(mean), Number.MIN_VALUE)) return undefined;
  return {
    kind: 'numeric',
    name: column.name,
    mean: mean * largest,
    sd: sd * largest,
    missing: known < rows.length,
  };
}

const scaled = (value: number | undefined, largest: number): number =>
  value !== undefined && Number.isFinite(value) ? value / largest : 0;

function fitCategory(
  column: FeatureColumn & { kind: 'category' },
  rows: Uint32Array,
): CategoryEncoding | undefined {
  const counts = new Uint32Array(column.dictionary.length);
  let known = 0;
  for (const row of rows) {
    const code = column.codes[row] ?? MISSING_CODE;
    if (code === MISSING_CODE) continue;
    counts[code] = (counts[code] ?? 0) + 1;
    known += 1;
  }
  const byFrequency = column.dictionary
    .map((value, code) => ({ value, count: counts[code] ?? 0 }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1));
  const missing = known < rows.length;
  if (byFrequency.length + (missing ? 1 : 0) < 2) return undefined;
  const levels = byFrequency
    .slice(0, MOST_LEVELS)
    .map(({ value }) => value)
    .sort((a, b) => (a < b ? -1 : 1));
  return { kind: 'category', name: column.name, levels, other: byFrequency.length > MOST_LEVELS, missing };
}
