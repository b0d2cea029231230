// A column that holds one value only.
import { type ColumnReference } from '../drift/feature-reference.ts';
import { total } from '../drift/total.ts';
import { cut } from '../features/contracts/tally.ts';
import { exact, grouped, percent } from '../numbers-in-words.ts';
import { type ColumnCheck } from './column-check.ts';
import { FALSE_ALARM, FEWEST_VALUES } from './finding.ts';
import { shareInReference } from './reference-steps.ts';
import { type ColumnFacts } from './window-facts.ts';

const MOST_CHARACTERS = 60;

interface Only {
  readonly value: number | string;
  readonly rows: number;
}

/**
 * All values present, at least 30, are the same. A warning where the reference has others and would by chance show none
 * of them less than once in 100,000 windows of so many values; information where it held that value only as well.
 */
export const constantColumn: ColumnCheck = (column, reference) => {
  const only = onlyValue(column);
  if (!only || only.rows < FEWEST_VALUES || column.kind !== reference.kind) return undefined;
  const { share, present } = inReference(reference, only.value);
  const isSame = share === 1;
  // One row more of the value than the reference has: a value that it lacks is rare, not impossible.
  const likely = ((share * present + 1) / (present + 1)) ** only.rows;
  if (!isSame && likely > FALSE_ALARM) return undefined;
  const value = typeof only.value === 'number' ? exact(only.value) : cut(only.value, MOST_CHARACTERS);
  return {
    name: 'constant-column',
    column: column.name,
    table: column.table,
    severity: isSame ? 'info' : 'warn',
    evidence: { value, rows: only.rows, referenceShare: share },
    violation: isSame ? null : 'baseline_drift_check',
    words: isSame
      ? `all ${grouped(only.rows)} values are ${value}, as they were in the reference`
      : `all ${grouped(only.rows)} values are ${value}; in the reference ${percent(share)} were`,
    advice: isSame
      ? 'A column that never varies tells the model nothing: take it out of the definition.'
      : 'Look whether the column is still filled from its source, or with a default.',
  };
};

/** The only value of a column and how often it occurs; nothing where there are none or several. */
export function onlyValue(column: ColumnFacts): Only | undefined {
  if (column.kind === 'numeric') {
    const { finite, infinite, minimum, maximum } = column.sketch;
    if (finite === 0 || infinite > 0 || minimum !== maximum) return undefined;
    return { value: minimum, rows: finite };
  }
  const { counts, dictionary, present } = column.counts;
  const code = counts.findIndex((count) => count > 0);
  return code >= 0 && counts[code] === present ? { value: dictionary[code] ?? '', rows: present } : undefined;
}

/** The share of a value among the reference's present values, or that of the bin it shares, and how many these are. */
function inReference(reference: ColumnReference, value: number | string): { share: number; present: number } {
  if (reference.kind === 'numeric') {
    const share = typeof value === 'number' ? shareInReference(reference, value) : 0;
    return { share, present: total(reference.profile.counts) };
  }
  const present = total(reference.counts) + reference.other;
  const at = reference.values.indexOf(String(value));
  return { share: at < 0 || present === 0 ? 0 : (reference.counts[at] as number) / present, present };
}
