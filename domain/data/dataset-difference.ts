// Compares two versions of the rows of a window: rows that one of them lacks, and values that differ, by column.
import { type FeatureColumn, type Frame, NO_LABEL } from './frame.ts';

const MAX_EXAMPLES = 5;

/** Rows of a window; `key` returns the entity key of a row. */
export interface ReadRows {
  readonly frame: Frame;
  readonly key: (row: number) => string;
}

/** Identifies a row by its entity key and its time, ISO 8601 with microseconds. */
export interface RowPlace {
  readonly key: string;
  readonly at: string;
}

/** A value that differs; null means that the value is missing. */
export interface ValueDifference extends RowPlace {
  readonly frozen: number | string | null;
  readonly now: number | string | null;
}

/** The differences in one column; `rows` is the number of rows that differ. */
export interface ColumnDifference {
  readonly column: string;
  readonly rows: number;
  /** The first rows that differ, at most 5, in the order of the frozen rows. */
  readonly examples: readonly ValueDifference[];
}

/** The difference between frozen rows and the rows that the source returns now. Plain JSON. */
export interface DatasetDifference {
  /** Frozen rows that the source no longer returns. */
  readonly missing: { readonly rows: number; readonly examples: readonly RowPlace[] };
  /** Rows that the source returns now and that were not frozen. */
  readonly added: { readonly rows: number; readonly examples: readonly RowPlace[] };
  readonly columns: readonly ColumnDifference[];
}

/**
 * Compares labels and features of the rows with the same entity key and time. Values are equal if all bits are equal, or
 * if both are missing.
 *
 * @example differencesOf(frozen, now).columns // [{ column: 'hours', rows: 3, examples: [...] }]
 */
export function differencesOf(frozen: ReadRows, now: ReadRows): DatasetDifference {
  const nameOf = ({ frame, key }: ReadRows, row: number): string => `${frame.times[row]} ${key(row)}`;
  const places = new Map<string, number>();
  for (let row = 0; row < now.frame.rows; row += 1) places.set(nameOf(now, row), row);
  const missing: number[] = [];
  const pairs: [number, number][] = [];
  for (let row = 0; row < frozen.frame.rows; row += 1) {
    const name = nameOf(frozen, row);
    const other = places.get(name);
    if (other === undefined) missing.push(row);
    else pairs.push([row, other]);
    places.delete(name);
  }
  const added = [...places.values()];
  const columns = [
    columnDifference('label', frozen, pairs, labelOf(frozen.frame), labelOf(now.frame)),
    ...frozen.frame.features.map((column, position) =>
      columnDifference(
        column.name,
        frozen,
        pairs,
        valueOf(column),
        valueOf(now.frame.features[position] ?? column),
      ),
    ),
  ];
  return {
    missing: { rows: missing.length, examples: missing.slice(0, MAX_EXAMPLES).map(placeIn(frozen)) },
    added: { rows: added.length, examples: added.slice(0, MAX_EXAMPLES).map(placeIn(now)) },
    columns: columns.filter(({ rows }) => rows > 0),
  };
}

type Read = (row: number) => number | string | null;

function columnDifference(
  column: string,
  frozen: ReadRows,
  pairs: readonly [number, number][],
  before: Read,
  after: Read,
): ColumnDifference {
  const differing = pairs.filter(([row, other]) => !Object.is(before(row), after(other)));
  const examples = differing
    .slice(0, MAX_EXAMPLES)
    .map(([row, other]) => ({ ...placeIn(frozen)(row), frozen: before(row), now: after(other) }));
  return { column, rows: differing.length, examples };
}

const labelOf =
  ({ labels }: Frame): Read =>
  (row) =>
    labels[row] === NO_LABEL ? null : (labels[row] ?? null);

function valueOf(column: FeatureColumn): Read {
  if (column.kind === 'category') return (row) => column.dictionary[column.codes[row] ?? -1] ?? null;
  return (row) => {
    const value = column.values[row] ?? NaN;
    return Number.isNaN(value) ? null : value;
  };
}

const placeIn =
  ({ frame, key }: ReadRows) =>
  (row: number): RowPlace => ({ key: key(row), at: instantText(frame.times[row] ?? 0n) });

const MICROS = 1_000_000n;

function instantText(micros: bigint): string {
  const fraction = ((micros % MICROS) + MICROS) % MICROS;
  const seconds = new Date(Number((micros - fraction) / 1_000n));
  if (Number.isNaN(seconds.getTime())) return `${micros} µs`;
  return `${seconds.toISOString().slice(0, -4)}${String(fraction).padStart(6, '0')}Z`;
}
