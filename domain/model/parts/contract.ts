// A contract of a column: what its declaration promises of its values, and what was found of them.
import { type ColumnSpec } from './column.ts';
import { type CONTRACT_KINDS } from './column-schema.ts';
import { type Severity } from './schema-parts.ts';

/** A kind of contract that a column may state. */
export type ContractKind = (typeof CONTRACT_KINDS)[number];

/** What SageMaker's model monitor calls a finding of this sort. */
export type ViolationCheck =
  | 'data_type_check'
  | 'completeness_check'
  | 'baseline_drift_check'
  | 'missing_column_check'
  | 'extra_column_check'
  | 'categorical_values_check';

/** A row that breaks a contract. */
export interface Example {
  /** The value, at most 60 characters of it; null where it is missing. */
  readonly value: string | null;
  /** The row's entity key: a JSON array of texts. */
  readonly key: string;
  /** The row's time, ISO 8601 in UTC. */
  readonly at: string;
}

/** What became of one contract in one window. */
export interface ContractResult {
  readonly kind: ContractKind | 'freshness';
  /** Null for a contract of a table. */
  readonly column: string | null;
  /** Null for a derived column. */
  readonly table: string | null;
  /** `fail` stops the loop where the contract is broken; `warn` is said in the report. */
  readonly severity: Severity;
  readonly held: boolean;
  /** Rows looked at: all for null-share, those with a value for the others; 1 table for freshness. */
  readonly rows: number;
  /** Those that break the contract. */
  readonly violations: number;
  /** Violations among the rows looked at; 0 where there are none. */
  readonly share: number;
  /** Greatest share that still holds. */
  readonly bound: number;
  /** The first rows that break it, at most 5; none for freshness. */
  readonly examples: readonly Example[];
  /** SageMaker's word for it; null where it has none. */
  readonly violation: ViolationCheck | null;
  readonly words: string;
}

/** Notes a violation: the row's place in its piece, and the value; null is missing. */
export type NoteViolation = (row: number, value: number | string | null) => void;

/** Looks at a numeric column, a piece at a time. */
export interface NumberScan {
  /** Notes each violation of a piece; NaN is missing. */
  add(values: Float64Array, note: NoteViolation): void;
  /** Rows that were looked at and those of them that break the contract, where they are not all and all noted. */
  readonly counted?: () => { readonly rows: number; readonly violations: number };
}

/** What keeps a contract from being checked, for people. */
export interface Uncheckable {
  readonly problem: string;
}

/** Says of each value of a category column whether it keeps the contract. */
export type TextJudge = (values: readonly string[]) => readonly boolean[] | Uncheckable;

/** A contract that a declaration states. */
export interface Statement {
  /** Greatest share of violations that still holds. */
  readonly bound: number;
  /** What is wrong with a violation, after "12 of 7,000 values". @example 'are not whole numbers' */
  readonly wrong: string;
  /** How numbers are looked at; absent for a contract that a numeric column cannot state. */
  readonly numbers?: () => NumberScan;
  /** Which rows of texts break it: those without a value, all but the first of a value, or those of values judged so. */
  readonly texts?: 'missing' | 'repeats' | TextJudge;
}

/** Says of each text whether a regular expression matches the whole of it, or that this takes too long. */
export type MatchTexts = (
  pattern: string,
  values: readonly string[],
) => readonly boolean[] | 'takes too long';

/** A kind of contract: when a declaration states one, and which. */
export interface ContractRule {
  readonly kind: ContractKind;
  readonly violation: ViolationCheck | null;
  readonly stated: (spec: ColumnSpec, match: MatchTexts) => Statement | undefined;
}

/** The greatest share of present values that may break a contract of a column: 1 − `mostly`, by default none. */
export const mostBroken = (spec: ColumnSpec): number =>
  spec.type === 'instant' || spec.mostly === undefined ? 0 : 1 - spec.mostly;

/** What a broken contract does: as the column says for all or for this kind; `warn` where it does not say. */
export function severityOf(spec: ColumnSpec, kind: ContractKind): Severity {
  const severity = spec.type === 'instant' ? undefined : spec.severity;
  return (typeof severity === 'string' ? severity : severity?.[kind]) ?? 'warn';
}
