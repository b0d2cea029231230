// The type of a finding: a probable fault in a window's data, with the numbers behind it.
import { type ViolationCheck } from '../model/parts/contract.ts';
import { type ColumnReference } from '../data/profile/feature-reference.ts';
import { type ColumnFacts } from './window-facts.ts';

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

/** What a check found. */
export interface Finding {
  readonly name: FindingName;
  /** Null for a finding about a table or about all columns together. */
  readonly column: string | null;
  /** Null if the finding does not belong to a table. */
  readonly table: string | null;
  /** `warn` is most likely a fault in the data; `info` may well be intended. Neither stops the loop. */
  readonly severity: 'info' | 'warn';
  /** The numbers behind the finding; each is finite. */
  readonly evidence: Readonly<Record<string, number | string | null>>;
  /** SageMaker's name for this kind of violation; null if it has none. */
  readonly violation: ViolationCheck | null;
  /** What was found, with its numbers. */
  readonly words: string;
  /** What to check or do. */
  readonly advice: string;
}

/** Fewest values that the reference and the window each need to be compared as distributions. */
export const MIN_VALUES = 30;

/** Largest probability of a false alarm, for checks that compute one. */
export const FALSE_ALARM = 1e-5;

/** Checks a column; returns undefined if it finds nothing. */
export type ColumnCheck = (column: ColumnFacts, reference: ColumnReference) => Finding | undefined;
