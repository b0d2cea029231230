// Rows that are dated in the future.
import { grouped } from '../numbers-in-words.ts';
import { type Finding } from './finding.ts';

/** Rows of a table whose time in one column has not come yet. */
export interface FutureRows {
  readonly table: string;
  readonly column: string;
  /** At least so many where there are more than were counted. */
  readonly rows: number;
  readonly isMore: boolean;
  readonly newest: Date;
}

/** A warning: such a row is used when its time comes and not before, and a typing error is never used. */
export function futureRows({ table, column, rows, isMore, newest }: FutureRows): Finding {
  const count = `${isMore ? 'at least ' : ''}${grouped(rows)} ${rows === 1 ? 'row' : 'rows'}`;
  return {
    name: 'future-rows',
    column: null,
    table,
    severity: 'warn',
    evidence: { column, rows, newest: newest.toISOString() },
    violation: null,
    words: `${count} whose ${column} lies in the future, up to ${newest.toISOString()}`,
    advice: 'Correct the times, unless the rows are meant: none of them is used before its time.',
  };
}

/** A warning: until the instant of these rows comes, no run brings anything newer. */
export const onlineRowsAhead = (model: string, definitionVersion: number): Finding => ({
  name: 'online-rows-ahead',
  column: null,
  table: null,
  severity: 'warn',
  evidence: { definitionVersion },
  violation: null,
  words: `online rows of definition ${definitionVersion} are of an instant in the future, so nothing newer replaces them`,
  advice: `Take them back to now: tidegate materialize ${model} --reset`,
});
