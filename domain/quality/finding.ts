// A finding: something about a window's data that looks like a fault of it, with the numbers that say so.
import { type ViolationCheck } from '../model/parts/contract.ts';
import { type ColumnReference } from '../data/profile/feature-reference.ts';
import { type ColumnFacts } from './window-facts.ts';

/** Every check beside the contracts. */
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

/** Something that a check found. */
export interface Finding {
  readonly name: FindingName;
  /** Null for a finding of a table or of all columns together. */
  readonly column: string | null;
  /** Null where no table stands behind it. */
  readonly table: string | null;
  /** `warn` is most likely a fault of the data; `info` may well be as it should. Neither stops the loop. */
  readonly severity: 'info' | 'warn';
  /** The numbers that it rests on, each finite. */
  readonly evidence: Readonly<Record<string, number | string | null>>;
  /** SageMaker's word for it; null where it has none. */
  readonly violation: ViolationCheck | null;
  /** What was found, with its numbers. */
  readonly words: string;
  /** What to look at. */
  readonly advice: string;
}

/** Fewest values on each side from which two distributions are compared. */
export const MIN_VALUES = 30;

/** Chance at most that a finding of rare values is one of no change at all. */
export const FALSE_ALARM = 1e-5;

/** Looks at a column; nothing where it finds nothing. */
export type ColumnCheck = (column: ColumnFacts, reference: ColumnReference) => Finding | undefined;
