// Frames: the rows of a window as typed columns, which training, drift and comparison read.

/** Code of a missing value in a category column. */
export const MISSING_CODE = 0xffff_ffff;

/** Label of a row without a mature label. */
export const NO_LABEL = 255;

/** A column of numbers; a missing value is NaN. */
export interface NumericColumn {
  readonly kind: 'numeric';
  readonly name: string;
  readonly values: Float64Array;
}

/** A column of categories; `codes` are positions in `dictionary`, a missing value is `MISSING_CODE`. */
export interface CategoryColumn {
  readonly kind: 'category';
  readonly name: string;
  readonly codes: Uint32Array;
  /** Distinct values, in the order of their first occurrence. */
  readonly dictionary: readonly string[];
}

/** One feature of all rows. */
export type FeatureColumn = NumericColumn | CategoryColumn;

/** The features of one row by name; null means that the value is missing. */
export type FeatureRecord = Readonly<Record<string, number | string | null>>;

/** Rows of a window in typed columns, all of length `rows`. */
export interface Frame {
  readonly rows: number;
  /** Features in the order of the definition. */
  readonly features: readonly FeatureColumn[];
  /** 0, 1, or `NO_LABEL` if the row has no mature label. */
  readonly labels: Uint8Array;
  /** 1 if the row's cluster belongs to the holdout, otherwise 0. */
  readonly holdout: Uint8Array;
  /** Consecutive cluster numbers from 0; all rows of a cluster (by default the entity) have the same number. */
  readonly clusters: Uint32Array;
  /** Row times, microseconds since 1970 UTC. */
  readonly times: BigInt64Array;
}

/** Returns one row of a frame by feature name, as it would appear in a request. */
export function recordAt(frame: Frame, row: number): FeatureRecord {
  return Object.fromEntries(frame.features.map((column) => [column.name, valueAt(column, row)]));
}

function valueAt(column: FeatureColumn, row: number): number | string | null {
  if (column.kind === 'category') return column.dictionary[column.codes[row] ?? MISSING_CODE] ?? null;
  const value = column.values[row] ?? NaN;
  return Number.isNaN(value) ? null : value;
}

/** The fields of a frame that decide whether a row is used for training or for evaluation. */
export type RowMarks = Pick<Frame, 'rows' | 'labels' | 'holdout'>;

/** Returns the rows for training: labelled and not held out, in ascending order. @example fitEncoding(frame, trainingRows(frame)) */
export const trainingRows = (frame: RowMarks): Uint32Array => labelledRows(frame, false);

/** Returns the rows for evaluation: labelled and held out, in ascending order. @example scoreRows(artifact, frame, evaluationRows(frame)) */
export const evaluationRows = (frame: RowMarks): Uint32Array => labelledRows(frame, true);

function labelledRows({ rows, labels, holdout }: RowMarks, heldOut: boolean): Uint32Array {
  const chosen = new Uint32Array(rows);
  let count = 0;
  for (let row = 0; row < rows; row += 1) {
    if (labels[row] !== NO_LABEL && (holdout[row] === 1) === heldOut) chosen[count++] = row;
  }
  return chosen.slice(0, count);
}
