// The result of a check of a window: of a contract that the definition declares, or of a search for other faults.
import { type ContractKind, type ViolationCheck } from '../model/parts/contract.ts';
import { type Severity } from '../model/parts/schema-parts.ts';
import { type ColumnReference } from '../data/profile/feature-reference.ts';
import { type ColumnFacts } from './window-facts.ts';

/**
 * What a result means: `fail` stops the loop, `warn` is most likely a fault in the data, `info` may well be intended.
 * Only a contract can have `fail`, because someone must declare it; a contract is never only `info`.
 */
export type CheckSeverity = 'fail' | 'warn' | 'info';

/** The result of a check, declared or not. */
export interface CheckResult {
  /** Null for a result about a table or about all columns together. */
  readonly column: string | null;
  /** Null for a derived column, and for a result about all columns together. */
  readonly table: string | null;
  readonly severity: CheckSeverity;
  /** SageMaker's name for this kind of violation; null if it has none. */
  readonly violation: ViolationCheck | null;
  /** The result as a sentence, with its numbers. */
  readonly words: string;
}

/** A row that breaks a contract. */
export interface Example {
  /** The value, truncated to 60 characters; null if it is missing. */
  readonly value: string | null;
  /** The row's entity key: a JSON array of texts. */
  readonly key: string;
  /** The row's time, ISO 8601 in UTC. */
  readonly at: string;
}

/** The result of one contract in one window. Every contract has one, whether it was kept or not. */
export interface ContractResult extends CheckResult {
  readonly kind: ContractKind | 'freshness';
  readonly severity: Severity;
  /** Whether the contract was kept. */
  readonly held: boolean;
  /** Rows that were checked: all rows for null-share, rows with a value for the others; 1 (the table) for freshness. */
  readonly rows: number;
  /** Rows that break the contract. */
  readonly violations: number;
  /** Violations as a share of the rows that were checked; 0 if none were checked. */
  readonly share: number;
  /** Largest share of violations with which the contract is still kept. */
  readonly bound: number;
  /** The first rows that break the contract, at most 5; empty for freshness. */
  readonly examples: readonly Example[];
}

/** Names of all checks other than the contracts. */
export const FINDINGS = [
  'vanished-column',
  'extra-column',
  'type-changed',
  'all-missing',
  'constant-column',
  'default-filled',
  'unit-changed',
  'sign-flipped',
  'unchanged-columns',
  'stale-table',
  'future-rows',
  'online-rows-ahead',
  'duplicate-entities',
  'duplicate-rows',
  'identical-rows',
] as const;

/** Name of a check. */
export type FindingName = (typeof FINDINGS)[number];

/** A fault that nobody declared a contract against. A check that finds nothing has no result. */
export interface Finding extends CheckResult {
  readonly name: FindingName;
  readonly severity: 'info' | 'warn';
  /** The numbers behind the finding; each is finite. They differ from check to check. */
  readonly evidence: Readonly<Record<string, number | string | null>>;
  /** What to check or do. */
  readonly advice: string;
}

const ORDER: readonly CheckSeverity[] = ['fail', 'warn', 'info'];

/** Returns the results in order of severity, the most severe first; results of one severity keep their order. */
export const bySeverity = <T extends CheckResult>(results: readonly T[]): T[] =>
  results.toSorted((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity));

/** Minimum number of values that the reference and the window each need to be compared as distributions. */
export const MIN_VALUES = 30;

/** Largest probability of a false alarm, for checks that compute one. */
export const FALSE_ALARM = 1e-5;

/** Compares a column with its reference; returns undefined if it finds nothing. */
export type ColumnCheck = (column: ColumnFacts, reference: ColumnReference) => Finding | undefined;
