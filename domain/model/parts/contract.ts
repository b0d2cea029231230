// Contracts of columns: what a declaration requires of the values, and how that is checked.
import { type ColumnSpec } from './column.ts';
import { type CONTRACT_KINDS } from './column-schema.ts';
import { type Severity } from './schema-parts.ts';

/** A kind of contract that a column may have. */
export type ContractKind = (typeof CONTRACT_KINDS)[number];

/** A name that SageMaker Model Monitor uses for a kind of violation. */
export type ViolationCheck =
  | 'data_type_check'
  | 'completeness_check'
  | 'baseline_drift_check'
  | 'missing_column_check'
  | 'extra_column_check'
  | 'categorical_values_check';

/** Records a violation: the row's position in its chunk, and the value; null means that the value is missing. */
export type NoteViolation = (row: number, value: number | string | null) => void;

/** Checks a numeric column, one chunk at a time. */
export interface NumberScan {
  /** Records each violation in a chunk; NaN means that the value is missing. */
  add(values: Float64Array, note: NoteViolation): void;
  /**
   * Returns the numbers of rows that were checked and of rows that break the contract. Needed only if `add` does not
   * check all rows, or does not record all violations.
   */
  readonly counted?: () => { readonly rows: number; readonly violations: number };
}

/** Why a contract cannot be checked, as text for a message. */
export interface Uncheckable {
  readonly problem: string;
}

/** Decides for each value of a category column whether it satisfies the contract. */
export type TextCheck = (values: readonly string[]) => readonly boolean[] | Uncheckable;

/** A contract of one column, ready to be checked. */
export interface Statement {
  /** Largest share of violations with which the contract is still kept. */
  readonly bound: number;
  /** The end of a sentence that begins "12 of 7,000 values". @example 'are not whole numbers' */
  readonly wrong: string;
  /** How numbers are checked; absent for a contract that a numeric column cannot have. */
  readonly numbers?: () => NumberScan;
  /** Which texts break the contract: missing values, repeats of an earlier value, or values that a function rejects. */
  readonly texts?: 'missing' | 'repeats' | TextCheck;
}

/** Tests for each text whether a regular expression matches all of it, or returns that this takes too long. */
export type MatchTexts = (
  pattern: string,
  values: readonly string[],
) => readonly boolean[] | 'takes too long';

/** A kind of contract: `stated` returns the contract of a column, or undefined if the column has none of this kind. */
export interface ContractRule {
  readonly kind: ContractKind;
  readonly violation: ViolationCheck | null;
  readonly stated: (spec: ColumnSpec, match: MatchTexts) => Statement | undefined;
}

/** Returns the largest share of present values that may break a contract of the column: 1 − `mostly`, by default 0. */
export const maxBroken = (spec: ColumnSpec): number =>
  spec.type === 'instant' || spec.mostly === undefined ? 0 : 1 - spec.mostly;

/** Returns what a broken contract does: the column's severity for all kinds or for this kind, by default `warn`. */
export function severityOf(spec: ColumnSpec, kind: ContractKind): Severity {
  const severity = spec.type === 'instant' ? undefined : spec.severity;
  return (typeof severity === 'string' ? severity : severity?.[kind]) ?? 'warn';
}
