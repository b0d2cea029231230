// Applies an encoding. A row of a frame and a record with the same values are encoded as the same numbers.
import { TidegateError } from '../../errors.ts';
import { type FeatureColumn, type FeatureRecord, type Frame } from '../../data/frame.ts';
import {
  type CategoryEncoding,
  type ColumnEncoding,
  columnWidth,
  encodedWidth,
  type Encoding,
  type NumericEncoding,
} from './encoding.ts';

/** Standardised values are clipped to ± this many standard deviations, so that every score is finite. */
export const CLIP = 1e6;

/** Encodes rows of one frame: the result is row-major, `rows.length` × `encodedWidth(encoding)`. */
export type RowEncoder = (rows: Uint32Array) => Float64Array;

/**
 * Encodes rows of a frame into a row-major matrix with the intercept, 1, in column 0.
 *
 * An unseen category sets none of its columns to 1 if the encoding has no column for other values. A missing value sets
 * none of its columns to 1 if training had no missing values; a missing number then has the effect of the mean.
 *
 * @throws TidegateError UNKNOWN_COLUMN, WRONG_COLUMN_TYPE if the frame lacks a feature of the encoding
 * @example encodeRows(encoding, frame, Uint32Array.of(0, 1))
 */
export const encodeRows = (encoding: Encoding, frame: Frame, rows: Uint32Array): Float64Array =>
  rowEncoder(encoding, frame)(rows);

/** Prepares `encodeRows` once for many calls on one frame. @throws as `encodeRows` */
export function rowEncoder(encoding: Encoding, frame: Frame): RowEncoder {
  const width = encodedWidth(encoding);
  const writers = encoding.columns.map((column) => featureWriter(column, featureOf(frame, column)));
  return (rows) => {
    const matrix = new Float64Array(rows.length * width);
    for (let start = 0; start < matrix.length; start += width) matrix[start] = 1;
    let offset = 1;
    encoding.columns.forEach((column, index) => {
      writers[index]!(matrix, width, offset, rows);
      offset += columnWidth(column);
    });
    return matrix;
  };
}

/**
 * Encodes one record exactly as `encodeRows` encodes the same row. A feature that is absent or of the wrong type counts as
 * missing: requests are checked before they reach this function.
 *
 * @example encodeRecord(encoding, { monthly_fee: 29.85, net_service: 'DSL' })
 */
export function encodeRecord(encoding: Encoding, record: FeatureRecord): Float64Array {
  const encoded = new Float64Array(encodedWidth(encoding));
  encoded[0] = 1;
  let offset = 1;
  for (const column of encoding.columns) {
    const value = valueOf(column, record);
    if (column.kind === 'numeric') writeNumber(column, encoded, offset, value as number | null);
    else mark(encoded, offset, positionOf(column, value as string | null));
    offset += columnWidth(column);
  }
  return encoded;
}

/** Returns the features of the encoding for which a record has no usable value, in order. @example missingIn(encoding, {}) */
export const missingIn = (encoding: Encoding, record: FeatureRecord): string[] =>
  encoding.columns.filter((column) => valueOf(column, record) === null).map(({ name }) => name);

function valueOf({ kind, name }: ColumnEncoding, record: FeatureRecord): number | string | null {
  const value = record[name];
  if (kind === 'category') return typeof value === 'string' ? value : null;
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** Writes the cells of one feature for all rows, one after the other; the cells of the first row begin at `offset`. */
type FeatureWriter = (matrix: Float64Array, width: number, offset: number, rows: Uint32Array) => void;

function featureWriter(column: ColumnEncoding, feature: FeatureColumn): FeatureWriter {
  if (column.kind === 'numeric' && feature.kind === 'numeric') {
    return (matrix, width, offset, rows) => {
      let at = offset;
      for (const row of rows) {
        const value = feature.values[row] ?? NaN;
        writeNumber(column, matrix, at, Number.isFinite(value) ? value : null);
        at += width;
      }
    };
  }
  if (column.kind === 'category' && feature.kind === 'category') {
    const positions = Int32Array.from(feature.dictionary, (value) => positionOf(column, value));
    const missing = positionOf(column, null);
    return (matrix, width, offset, rows) => {
      let at = offset;
      for (const row of rows) {
        mark(matrix, at, positions[feature.codes[row]!] ?? missing);
        at += width;
      }
    };
  }
  throw wrongKind(column, feature);
}

/** Makes the error for a feature that is of another kind than the version expects. */
export const wrongKind = ({ name, kind }: ColumnEncoding, feature: FeatureColumn): TidegateError =>
  new TidegateError(
    'WRONG_COLUMN_TYPE',
    `${name} is ${feature.kind} in the rows, but the version expects ${kind}`,
  );

/** Finds the column of a frame for a column of an encoding. @throws TidegateError UNKNOWN_COLUMN */
export function featureOf(frame: Frame, { name }: ColumnEncoding): FeatureColumn {
  const feature = frame.features.find((column) => column.name === name);
  if (!feature)
    throw new TidegateError('UNKNOWN_COLUMN', `the rows have no feature ${name}, which the version uses`);
  return feature;
}

function writeNumber(
  { scale, missing }: NumericEncoding,
  target: Float64Array,
  at: number,
  value: number | null,
): void {
  if (scale && value !== null) target[at] = standardise(value, scale);
  if (missing && value === null) target[scale ? at + 1 : at] = 1;
}

/** Returns a finite value's distance from the mean in standard deviations, clipped to ±`CLIP`. */
export function standardise(value: number, { mean, sd }: { mean: number; sd: number }): number {
  // Halves, because 1e308 − (−1e308) overflows.
  const standardised = (value / 2 - mean / 2) / (sd / 2);
  return Math.min(CLIP, Math.max(-CLIP, standardised));
}

/** Returns which of the feature's columns is 1 for a value; −1 if none is. */
export function positionOf({ levels, other, missing }: CategoryEncoding, value: string | null): number {
  if (value === null) return missing ? levels.length + Number(other) : -1;
  const level = levels.indexOf(value);
  return level === -1 && other ? levels.length : level;
}

function mark(target: Float64Array, at: number, position: number): void {
  if (position !== -1) target[at + position] = 1;
}
