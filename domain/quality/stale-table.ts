// A table that gets no new rows any more, or hardly any.
import { grouped } from '../numbers-in-words.ts';
import { FEWEST_VALUES, type Finding } from './finding.ts';
import { type TableFacts } from './window-facts.ts';

/** Part of the rows of the period before below which a table has hardly any new ones. */
const HARDLY_ANY = 0.1;

/**
 * A table has no rows in the last period of the window, `monitor.every` long, or fewer than a tenth of those of the
 * period before, which held at least 30. A warning where it used to get rows, information where it did not either.
 */
export function staleTable({ table, newest, newRows, rowsBefore, isSpine }: TableFacts): Finding | undefined {
  const isStill = newRows === 0;
  const hasFallen = rowsBefore >= FEWEST_VALUES && newRows < HARDLY_ANY * rowsBefore;
  if (!isStill && !hasFallen) return undefined;
  const newestText = newest?.toISOString() ?? null;
  const rows = isStill ? 'no row' : `${grouped(newRows)} rows`;
  return {
    name: 'stale-table',
    column: null,
    table,
    severity: rowsBefore > 0 ? 'warn' : 'info',
    evidence: { newRows, rowsBefore, newest: newestText },
    violation: null,
    words:
      `${rows} in the last period, ${grouped(rowsBefore)} in the one before; ` +
      (newestText === null ? 'there is none at all' : `the newest is of ${newestText}`),
    advice: isSpine
      ? 'Look whether the table is still loaded: the window speaks of few entities.'
      : 'Look whether the table is still loaded: the window shows older values, or none once the ttl has passed.',
  };
}
