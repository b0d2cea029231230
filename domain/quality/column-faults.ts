// Checks for faults of a whole column or table: constant or missing values, changed types and columns, stale data.
import { type ColumnReference, type FeatureReference } from '../data/profile/feature-reference.ts';
import { total } from '../data/math/total.ts';
import { shorten } from './tally.ts';
import { exact, grouped, percent } from '../format-numbers.ts';
import { type ColumnCheck, FALSE_ALARM, MIN_VALUES, type Finding } from './check-result.ts';
import { shareInReference } from './reference-steps.ts';
import { type ColumnFacts, type TableFacts, type WindowFacts } from './window-facts.ts';

const MAX_CHARACTERS = 60;

interface OnlyValue {
  readonly value: number | string;
  readonly rows: number;
}

/**
 * Finds a column whose present values, at least 30, are all the same. It is a warning if the reference has other values
 * as well, and all of them would be absent by chance in fewer than one of 100,000 windows of this size; it is
 * information if the reference is constant with the same value.
 */
export const constantColumn: ColumnCheck = (column, reference) => {
  const only = onlyValue(column);
  if (!only || only.rows < MIN_VALUES || column.kind !== reference.kind) return undefined;
  const { share, present } = inReference(reference, only.value);
  const isSame = share === 1;
  // Count one extra row of the value: a value that the reference lacks is rare, not impossible.
  const chance = ((share * present + 1) / (present + 1)) ** only.rows;
  if (!isSame && chance > FALSE_ALARM) return undefined;
  const value = typeof only.value === 'number' ? exact(only.value) : shorten(only.value, MAX_CHARACTERS);
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
      ? 'A column that never varies is useless to the model: remove it from the definition.'
      : 'Check whether the column is still filled from its source, or only with a default.',
  };
};

/** Returns the only value of a column and its number of rows; undefined if the column has no value or several. */
export function onlyValue(column: ColumnFacts): OnlyValue | undefined {
  if (column.kind === 'numeric') {
    const { finite, infinite, minimum, maximum } = column.sketch;
    if (finite === 0 || infinite > 0 || minimum !== maximum) return undefined;
    return { value: minimum, rows: finite };
  }
  const { counts, dictionary, present } = column.counts;
  const code = counts.findIndex((count) => count > 0);
  return code >= 0 && counts[code] === present ? { value: dictionary[code] ?? '', rows: present } : undefined;
}

/**
 * Returns the share of a value (or of its bin) among the reference's present values, and the number of present values.
 */
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
 * Finds a column in which every value is missing. It is a warning if this would happen by chance in fewer than one of
 * 100,000 windows, given the reference's share of missing values (with one more missing row added); it is information
 * if the reference has no values either.
 */
export const allMissing: ColumnCheck = (column, reference) => {
  const { name, table } = column;
  const { rows, missing } = missingOf(column);
  if (rows === 0 || missing < rows) return undefined;
  const before = referenceMissing(reference);
  const share = before.rows === 0 ? 0 : before.missing / before.rows;
  const always = before.missing === before.rows;
  const chance = ((before.missing + 1) / (before.rows + 1)) ** rows;
  if (!always && chance > FALSE_ALARM) return undefined;
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
      ? 'A column that never has a value is useless to the model: remove it from the definition.'
      : 'Check whether its table is still loaded, the column is still filled, and the keys still match the entity.',
  };
};

/** Returns the rows and missing values of a column of the window. */
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
 * Finds columns that only the reference or only the window has. A vanished column is a warning unless the definition
 * was changed since the champion was trained; everything else is information.
 */
export function columnSet(
  { columns, definitionChanged }: WindowFacts,
  reference: FeatureReference,
): Finding[] {
  const now = new Set(columns.map(({ name }) => name));
  const before = new Set(reference.columns.map(({ name }) => name));
  const vanished = reference.columns.flatMap(({ name }): Finding[] =>
    now.has(name) ? [] : [vanishedColumn(name, definitionChanged)],
  );
  const extra = columns.flatMap(({ name, table }): Finding[] =>
    before.has(name) ? [] : [extraColumn(name, table)],
  );
  return [...vanished, ...extra];
}

const vanishedColumn = (column: string, definitionChanged: boolean): Finding => ({
  name: 'vanished-column',
  column,
  table: null,
  severity: definitionChanged ? 'info' : 'warn',
  evidence: {},
  violation: 'missing_column_check',
  words: definitionChanged
    ? 'the champion uses it, but the newest definition does not'
    : 'the champion uses it, but the window does not have it',
  advice: definitionChanged
    ? 'Nothing to do: the next version is trained without it.'
    : 'Find out where the column went; the champion treats it as missing.',
});

const extraColumn = (column: string, table: string | null): Finding => ({
  name: 'extra-column',
  column,
  table,
  severity: 'info',
  evidence: {},
  violation: 'extra_column_check',
  words: 'the champion does not use it, so there is no reference to compare it with',
  advice: 'Nothing to do: the next version is trained with it.',
});

/** Finds a column whose kind differs from the reference's. Nothing else about it can then be compared. */
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
        words: `was ${kindName(reference.kind)} and is now ${kindName(kind)}`,
        advice: 'Check whether the column or its declaration changed; the champion cannot use it as it is.',
      };

const kindName = (kind: 'numeric' | 'category'): string => (kind === 'numeric' ? 'a number' : 'a category');

/**
 * Finds columns in which every entity has exactly the same value as in the previous window, although values changed
 * between that window and the one before it: the rows are new, but their content is old. Returns one finding per table.
 * Ignores constant columns, columns that never change (such as a country of birth), and windows of fewer than 30 rows.
 */
export function unchangedColumns({ rows, columns, previous }: WindowFacts): Finding[] {
  if (rows < MIN_VALUES || !previous?.sameBefore) return [];
  const { same, sameBefore } = previous;
  const tables = new Map<string | null, string[]>();
  for (const column of columns) {
    const isUnchanged = same.has(column.name) && !sameBefore.has(column.name) && !onlyValue(column);
    if (isUnchanged) tables.set(column.table, [...(tables.get(column.table) ?? []), column.name]);
  }
  return [...tables].map(([table, names]) => ({
    name: 'unchanged-columns',
    column: names.length === 1 ? (names[0] ?? null) : null,
    table,
    severity: 'warn',
    evidence: { columns: names.length, rows },
    violation: 'baseline_drift_check',
    words: `all ${rows} rows have the same values as in the previous window in ${listed(names)}`,
    advice: 'Check whether new rows are loaded with new values, or the last load is copied again.',
  }));
}

const MAX_NAMED = 5;

const listed = (names: readonly string[]): string =>
  names.length <= MAX_NAMED
    ? names.join(', ')
    : `${names.slice(0, MAX_NAMED).join(', ')} and ${names.length - MAX_NAMED} other columns`;

/** A table has too few new rows if their number is less than this share of the number in the previous period. */
const MIN_SHARE_OF_BEFORE = 0.1;

/**
 * Reports a table that got no rows in the last period of the window, or fewer than a tenth as many as in the period
 * before, if there were at least 30 in that one. A period is one `monitor.every`. The finding is a warning if there were
 * rows in the period before; otherwise it is information.
 */
export function staleTable({ table, newest, newRows, rowsBefore, isSpine }: TableFacts): Finding | undefined {
  const isEmpty = newRows === 0;
  const hasFallen = rowsBefore >= MIN_VALUES && newRows < MIN_SHARE_OF_BEFORE * rowsBefore;
  if (!isEmpty && !hasFallen) return undefined;
  const newestText = newest?.toISOString() ?? null;
  const rows = isEmpty ? 'no rows' : `${grouped(newRows)} ${newRows === 1 ? 'row' : 'rows'}`;
  return {
    name: 'stale-table',
    column: null,
    table,
    severity: rowsBefore > 0 ? 'warn' : 'info',
    evidence: { newRows, rowsBefore, newest: newestText },
    violation: null,
    words:
      `${rows} in the last period, ${grouped(rowsBefore)} in the period before; ` +
      (newestText === null ? 'there are no older rows either' : `the newest row is from ${newestText}`),
    advice: isSpine
      ? 'Check whether the table is still loaded: the window covers few entities.'
      : 'Check whether the table is still loaded: the window uses older values, or nulls once the ttl has passed.',
  };
}
