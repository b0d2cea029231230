// Faults of a whole column or table: constant, all missing, changed type, unchanged since the window before, columns that came or went, a table that stands still.
import { type ColumnReference, type FeatureReference } from '../data/profile/feature-reference.ts';
import { total } from '../data/math/total.ts';
import { cut } from './contracts/tally.ts';
import { exact, grouped, percent } from '../numbers-in-words.ts';
import { type ColumnCheck, FALSE_ALARM, MIN_VALUES, type Finding } from './finding.ts';
import { shareInReference } from './reference-steps.ts';
import { type ColumnFacts, type TableFacts, type WindowFacts } from './window-facts.ts';

const MAX_CHARACTERS = 60;

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
  if (!only || only.rows < MIN_VALUES || column.kind !== reference.kind) return undefined;
  const { share, present } = inReference(reference, only.value);
  const isSame = share === 1;
  // One row more of the value than the reference has: a value that it lacks is rare, not impossible.
  const likely = ((share * present + 1) / (present + 1)) ** only.rows;
  if (!isSame && likely > FALSE_ALARM) return undefined;
  const value = typeof only.value === 'number' ? exact(only.value) : cut(only.value, MAX_CHARACTERS);
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

/**
 * Every value is missing. A warning where the reference's share of missing values, plus one row, would leave so many
 * rows without a value by chance less than once in 100,000 windows; information where the reference has none either.
 */
export const allMissing: ColumnCheck = (column, reference) => {
  const { name, table } = column;
  const { rows, missing } = missingOf(column);
  if (rows === 0 || missing < rows) return undefined;
  const before = referenceMissing(reference);
  const share = before.rows === 0 ? 0 : before.missing / before.rows;
  const always = before.missing === before.rows;
  const likely = ((before.missing + 1) / (before.rows + 1)) ** rows;
  if (!always && likely > FALSE_ALARM) return undefined;
  return {
    name: 'all-missing',
    column: name,
    table,
    severity: always ? 'info' : 'warn',
    evidence: { rows, missing, referenceShare: share },
    violation: 'completeness_check',
    words: always
      ? `all ${grouped(rows)} values are missing, as they were in the reference`
      : `all ${grouped(rows)} values are missing; in the reference ${percent(share)} were`,
    advice: always
      ? 'A column that never has a value tells the model nothing: take it out of the definition.'
      : 'Look whether its table is still loaded, its column still filled, and its keys still match the entity.',
  };
};

/** Rows and missing values of a column of the window. */
const missingOf = (column: ColumnFacts): { rows: number; missing: number } => {
  const { rows, missing } = column.kind === 'numeric' ? column.sketch : column.counts;
  return { rows, missing };
};

function referenceMissing(reference: ColumnReference): { rows: number; missing: number } {
  if (reference.kind === 'numeric') {
    const { counts, missing } = reference.profile;
    return { rows: total(counts) + missing, missing };
  }
  const { counts, other, missing } = reference;
  return { rows: total(counts) + other + missing, missing };
}

/**
 * Columns that only one side has. Information where the definition was changed since, as it then says so itself; a
 * warning for a column that is gone otherwise.
 */
export function columnSet(
  { columns, definitionChanged }: WindowFacts,
  reference: FeatureReference,
): Finding[] {
  const now = new Set(columns.map(({ name }) => name));
  const before = new Set(reference.columns.map(({ name }) => name));
  const gone = reference.columns.flatMap(({ name }): Finding[] =>
    now.has(name) ? [] : [vanished(name, definitionChanged)],
  );
  const come = columns.flatMap(({ name, table }): Finding[] =>
    before.has(name) ? [] : [extra(name, table)],
  );
  return [...gone, ...come];
}

const vanished = (column: string, definitionChanged: boolean): Finding => ({
  name: 'vanished-column',
  column,
  table: null,
  severity: definitionChanged ? 'info' : 'warn',
  evidence: {},
  violation: 'missing_column_check',
  words: definitionChanged
    ? 'the champion reads it, and the newest definition does not'
    : 'the champion reads it, and the window does not have it',
  advice: definitionChanged
    ? 'Nothing to do: the next version is trained without it.'
    : 'Look where the column went; the champion takes it for missing.',
});

const extra = (column: string, table: string | null): Finding => ({
  name: 'extra-column',
  column,
  table,
  severity: 'info',
  evidence: {},
  violation: 'extra_column_check',
  words: 'the champion does not read it, so it is compared with nothing',
  advice: 'Nothing to do: the next version is trained with it.',
});

/** The column's kind differs from the reference's. Nothing else can then be compared. */
export const typeChanged: ColumnCheck = ({ name, table, kind }, reference) =>
  kind === reference.kind
    ? undefined
    : {
        name: 'type-changed',
        column: name,
        table,
        severity: 'warn',
        evidence: { was: reference.kind, is: kind },
        violation: 'data_type_check',
        words: `was ${named(reference.kind)} and is ${named(kind)}`,
        advice:
          'Look for a change of the column or of its declaration; the champion cannot read it as it is.',
      };

const named = (kind: 'numeric' | 'category'): string => (kind === 'numeric' ? 'a number' : 'a category');

/**
 * Every entity has to the bit the value that it had in the window before, while between that window and the one before
 * it values did change: the rows are new, and what they say is old. One finding a table. Constant columns and those
 * that never change, such as a country of birth, are passed over; so are windows of fewer than 30 rows.
 */
export function unchangedColumns({ rows, columns, previous }: WindowFacts): Finding[] {
  if (rows < MIN_VALUES || !previous?.sameBefore) return [];
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

const MAX_NAMED = 5;

const inWords = (names: readonly string[]): string =>
  names.length <= MAX_NAMED
    ? names.join(', ')
    : `${names.slice(0, MAX_NAMED).join(', ')} and ${names.length - MAX_NAMED} other columns`;

/** Part of the rows of the period before below which a table has hardly any new ones. */
const HARDLY_ANY = 0.1;

/**
 * A table has no rows in the last period of the window, `monitor.every` long, or fewer than a tenth of those of the
 * period before, which held at least 30. A warning where it used to get rows, information where it did not either.
 */
export function staleTable({ table, newest, newRows, rowsBefore, isSpine }: TableFacts): Finding | undefined {
  const isStill = newRows === 0;
  const hasFallen = rowsBefore >= MIN_VALUES && newRows < HARDLY_ANY * rowsBefore;
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
