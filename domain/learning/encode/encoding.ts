// Describes how features become the columns of a matrix: plain JSON, stored with the version that was trained on it.
import { type FeatureRecord, type Frame } from '../../data/frame.ts';

/** A numeric feature: at most one standardised column, and one that marks missing values. */
export interface NumericEncoding {
  readonly kind: 'numeric';
  readonly name: string;
  /** Mean and standard deviation (ddof 0) of the training values; null if they were all equal, in which case there is no column. */
  readonly scale: { readonly mean: number; readonly sd: number } | null;
  /** Whether there is a column for missing values: only if training had both missing and present values. */
  readonly missing: boolean;
}

/** A category: one column per level, then perhaps one for all other values and one for missing. */
export interface CategoryEncoding {
  readonly kind: 'category';
  readonly name: string;
  /** Levels with a column of their own, sorted as text; empty if training had a single value. */
  readonly levels: readonly string[];
  /**
   * Whether there is a column that is 1 for every value that is not among the levels. There is one only if training had
   * such values.
   */
  readonly other: boolean;
  /** Whether there is a column for missing values: only if training had both missing and present values. */
  readonly missing: boolean;
}

/** How one feature becomes columns. */
export type ColumnEncoding = NumericEncoding | CategoryEncoding;

/** Every feature in the order of the frame; column 0 of the matrix is the intercept, always 1. */
export interface Encoding {
  readonly columns: readonly ColumnEncoding[];
  /** Features that were constant in training and therefore have no column. */
  readonly dropped: readonly string[];
}

/** Number of columns of one feature in the matrix, at least 0. */
export function columnWidth(column: ColumnEncoding): number {
  const values =
    column.kind === 'numeric' ? Number(column.scale !== null) : column.levels.length + Number(column.other);
  return values + Number(column.missing);
}

/** Number of columns of the matrix including the intercept, so at least 1. */
export const encodedWidth = ({ columns }: Encoding): number =>
  columns.reduce((width, column) => width + columnWidth(column), 1);

/**
 * Returns the names of the matrix columns, for people.
 *
 * @example encodedNames(encoding) // ['(intercept)', 'monthly_fee', 'net_service = DSL', 'net_service missing']
 */
export const encodedNames = ({ columns }: Encoding): string[] => [
  '(intercept)',
  ...columns.flatMap(columnNames),
];

function columnNames(column: ColumnEncoding): string[] {
  const { name } = column;
  const missing = column.missing ? [`${name} missing`] : [];
  if (column.kind === 'numeric') return [...(column.scale ? [name] : []), ...missing];
  const other = column.other ? [`${name} other`] : [];
  return [...column.levels.map((level) => `${name} = ${level}`), ...other, ...missing];
}

/** A record with a description of what is extreme about it. */
interface ExtremeRecord {
  readonly name: string;
  readonly record: FeatureRecord;
}

/**
 * Returns extreme records for testing a scorer: one in which all features are missing; two for each numeric column,
 * with ten times its minimum and ten times its maximum; and one for each category, with an unseen value. All other
 * features of these records are missing.
 */
export function extremeRecords(frame: Frame): ExtremeRecord[] {
  const nothing: FeatureRecord = Object.fromEntries(frame.features.map(({ name }) => [name, null]));
  const withOne = (name: string, value: number | string): FeatureRecord => ({ ...nothing, [name]: value });
  const odd = frame.features.flatMap((column): ExtremeRecord[] => {
    const { name } = column;
    if (column.kind === 'category')
      return [{ name: `${name} unseen`, record: withOne(name, 'a value never seen') }];
    const { least, greatest } = range(column.values);
    return [
      { name: `${name} at 10 × its minimum`, record: withOne(name, 10 * least) },
      { name: `${name} at 10 × its maximum`, record: withOne(name, 10 * greatest) },
    ];
  });
  return [{ name: 'all missing', record: nothing }, ...odd];
}

function range(values: Float64Array): { least: number; greatest: number } {
  let least = Infinity;
  let greatest = -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    least = Math.min(least, value);
    greatest = Math.max(greatest, value);
  }
  return Number.isFinite(least) ? { least, greatest } : { least: 0, greatest: 0 };
}
