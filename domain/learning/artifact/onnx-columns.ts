// Turns features into the input columns of an ONNX model. A row of a frame and a record with the same values give the
// same numbers.
import { TidegateError } from '../../errors.ts';
import { type FeatureColumn, type FeatureRecord, type Frame } from '../../data/frame.ts';
import { type OnnxColumn, type OnnxInput, type OnnxType } from './onnx-artifact.ts';

/** The elements of an input, row-major. */
export type OnnxCells = Float32Array | Float64Array | BigInt64Array | Int32Array | string[];

const makers: Record<OnnxType, (length: number) => OnnxCells> = {
  float32: (length) => new Float32Array(length),
  float64: (length) => new Float64Array(length),
  int64: (length) => new BigInt64Array(length),
  int32: (length) => new Int32Array(length),
  string: (length) => new Array<string>(length).fill(''),
};

/** The largest finite float32: a larger number would become infinite. */
const MAX_FLOAT32 = 3.4028234663852886e38;

/**
 * Returns the cells of an input for rows of a frame.
 *
 * @throws TidegateError UNKNOWN_COLUMN, WRONG_COLUMN_TYPE if the frame lacks a feature of the version
 * @example cellsOfRows(artifact.inputs[0], frame, rows).length === rows.length * artifact.inputs[0].columns.length
 */
export function cellsOfRows({ type, columns }: OnnxInput, frame: Frame, rows: Uint32Array): OnnxCells {
  const cells = makers[type](rows.length * columns.length);
  columns.forEach((column, position) => {
    const valueAt = reader(column, featureOf(frame, column));
    const put = writer(cells);
    for (let at = 0; at < rows.length; at += 1) put(at * columns.length + position, valueAt(rows[at]!));
  });
  return cells;
}

/** Returns the cells of an input for records. A feature that is absent or of the wrong type counts as missing. */
export function cellsOfRecords({ type, columns }: OnnxInput, records: readonly FeatureRecord[]): OnnxCells {
  const cells = makers[type](records.length * columns.length);
  const put = writer(cells);
  columns.forEach((column, position) => {
    const encode = encoder(column);
    records.forEach((record, row) => put(row * columns.length + position, encode(record[column.name])));
  });
  return cells;
}

type Encode = (value: unknown) => number | string;

/** Returns the function that turns a value of the column into a cell. */
function encoder(column: OnnxColumn): Encode {
  if (column.kind === 'numeric') {
    const missing = column.missing ?? NaN;
    return (value) => (typeof value === 'number' && Number.isFinite(value) ? value : missing);
  }
  if (column.as === 'text') return (value) => (typeof value === 'string' ? value : column.missing);
  const codes = new Map(column.codes.map(({ value, code }) => [value, code]));
  const unseen = column.unseen ?? NaN;
  const missing = column.missing ?? NaN;
  return (value) => (typeof value === 'string' ? (codes.get(value) ?? unseen) : missing);
}

/** Returns the function that reads a row's cell from a frame's column; a category is encoded once per value, not per row. */
function reader(column: OnnxColumn, feature: FeatureColumn): (row: number) => number | string {
  const encode = encoder(column);
  if (feature.kind === 'numeric') return (row) => encode(feature.values[row]);
  const encoded = feature.dictionary.map(encode);
  const missing = encode(null);
  return (row) => encoded[feature.codes[row]!] ?? missing;
}

function writer(cells: OnnxCells): (at: number, value: number | string) => void {
  if (Array.isArray(cells)) return (at, value) => void (cells[at] = String(value));
  if (cells instanceof BigInt64Array)
    return (at, value) => void (cells[at] = BigInt(Math.trunc(clipped(value as number, 2 ** 62))));
  if (cells instanceof Int32Array)
    return (at, value) => void (cells[at] = Math.trunc(clipped(value as number, 2 ** 31 - 1)));
  if (cells instanceof Float32Array)
    return (at, value) => void (cells[at] = clipped(value as number, MAX_FLOAT32));
  return (at, value) => void (cells[at] = value as number);
}

const clipped = (value: number, limit: number): number => Math.min(limit, Math.max(-limit, value));

function featureOf(frame: Frame, { kind, name }: OnnxColumn): FeatureColumn {
  const feature = frame.features.find((column) => column.name === name);
  if (!feature)
    throw new TidegateError('UNKNOWN_COLUMN', `the rows have no feature ${name}, which the version uses`);
  if (feature.kind !== kind)
    throw new TidegateError(
      'WRONG_COLUMN_TYPE',
      `${name} is ${feature.kind} in the rows, but the version expects ${kind}`,
    );
  return feature;
}
