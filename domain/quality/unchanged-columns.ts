// Columns in which nothing changed since the window before, though something used to.
import { type Finding } from './finding.ts';
import { onlyValue } from './constant-column.ts';
import { FEWEST_VALUES } from './finding.ts';
import { type WindowFacts } from './window-facts.ts';

/**
 * Every entity has to the bit the value that it had in the window before, while between that window and the one before
 * it values did change: the rows are new, and what they say is old. One finding a table. Constant columns and those
 * that never change, such as a country of birth, are passed over; so are windows of fewer than 30 rows.
 */
export function unchangedColumns({ rows, columns, previous }: WindowFacts): Finding[] {
  if (rows < FEWEST_VALUES || !previous?.sameBefore) return [];
  const { same, sameBefore } = previous;
  const tables = new Map<string | null, string[]>();
  for (const column of columns) {
    const isStill = same.has(column.name) && !sameBefore.has(column.name) && !onlyValue(column);
    if (isStill) tables.set(column.table, [...(tables.get(column.table) ?? []), column.name]);
  }
  return [...tables].map(([table, names]) => ({
    name: 'unchanged-columns',
    column: names.length === 1 ? (names[0] ?? null) : null,
    table,
    severity: 'warn',
    evidence: { columns: names.length, rows },
    violation: 'baseline_drift_check',
    words: `every one of ${rows} rows has the value of the window before in ${inWords(names)}`,
    advice: 'Look whether new rows are loaded with new values, or the last load is copied on.',
  }));
}

const MOST_NAMED = 5;

const inWords = (names: readonly string[]): string =>
  names.length <= MOST_NAMED
    ? names.join(', ')
    : `${names.slice(0, MOST_NAMED).join(', ')} and ${names.length - MOST_NAMED} other columns`;
