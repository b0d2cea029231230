// Findings about rows that are dated in the future.
import { grouped } from '../format-numbers.ts';
import { type Finding } from './check-result.ts';

/** Rows of a table that have a future time in one column. */
export interface FutureRows {
  readonly table: string;
  readonly column: string;
  /** Number of rows; a lower bound if `isMore` is true. */
  readonly rows: number;
  /** Whether counting stopped early, so that there may be more. */
  readonly isMore: boolean;
  readonly newest: Date;
}

/**
 * Returns a warning about such rows. A row is not used before its time, so a row with a mistyped time may never be
 * used.
 */
export function futureRows({ table, column, rows, isMore, newest }: FutureRows): Finding {
  const count = `${isMore ? 'at least ' : ''}${grouped(rows)} ${rows === 1 ? 'row' : 'rows'}`;
  return {
    name: 'future-rows',
    column: null,
    table,
    severity: 'warn',
    evidence: { column, rows, newest: newest.toISOString() },
    violation: null,
    words: `${count} with ${column} in the future, up to ${newest.toISOString()}`,
    advice: 'Correct the times, unless they are intended: no row is used before its time.',
  };
}

/** Returns a warning about online rows dated in the future: no run replaces them before that time. */
export const onlineRowsAhead = (model: string, definitionVersion: number): Finding => ({
  name: 'online-rows-ahead',
  column: null,
  table: null,
  severity: 'warn',
  evidence: { definitionVersion },
  violation: null,
  words: `online rows of definition ${definitionVersion} are dated in the future, so no run replaces them until then`,
  advice: `Reset them to now: tidegate materialize ${model} --reset`,
});
