// How a feature column is declared in a model file.

/** Options common to every column. */
export interface ColumnOptions {
  /** A drifted critical column is reason enough to retrain. @default false */
  readonly critical?: boolean;
}

/** A column of real numbers; `min` and `max` are inclusive bounds of the input contract. */
export interface NumericSpec extends ColumnOptions {
  readonly type: 'numeric';
  readonly min?: number;
  readonly max?: number;
}

/** A column of whole numbers from 0. */
export interface CountSpec extends ColumnOptions {
  readonly type: 'count';
}

/** A column of one of the named values. */
export interface CategorySpec extends ColumnOptions {
  readonly type: 'category';
  readonly values: readonly string[];
}

/** A boolean column; treated as a category of `true` and `false`. */
export interface FlagSpec extends ColumnOptions {
  readonly type: 'flag';
}

/** A feature column as a model file declares it. */
export type ColumnSpec = NumericSpec | CountSpec | CategorySpec | FlagSpec;

/** A real-valued feature. @example numeric({ min: 0 }) */
export const numeric = (options: Omit<NumericSpec, 'type'> = {}): NumericSpec => ({
  type: 'numeric',
  ...options,
});

/** A feature that counts something: whole numbers from 0. @example count({ critical: true }) */
export const count = (options: ColumnOptions = {}): CountSpec => ({ type: 'count', ...options });

/** A feature with a known set of values; others are seen as new categories. @example category(['DSL', 'No']) */
export const category = (values: readonly string[], options: ColumnOptions = {}): CategorySpec => ({
  type: 'category',
  values,
  ...options,
});

/** A yes/no feature. @example flag() */
export const flag = (options: ColumnOptions = {}): FlagSpec => ({ type: 'flag', ...options });

/** Whether the column is a number to the learner and to drift; otherwise it is a category. */
export const isNumeric = (spec: Pick<ColumnSpec, 'type'>): boolean =>
  spec.type === 'numeric' || spec.type === 'count';
