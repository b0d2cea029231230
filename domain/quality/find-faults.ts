// Every check of a window beside its contracts.
import { type ColumnReference, type FeatureReference } from '../data/profile/feature-reference.ts';
import {
  allMissing,
  columnSet,
  constantColumn,
  staleTable,
  typeChanged,
  unchangedColumns,
} from './column-faults.ts';
import { type ColumnCheck, type Finding } from './finding.ts';
import { defaultFilled } from './default-filled.ts';
import { signFlipped, unitChanged } from './unit-changed.ts';
import { type ColumnFacts, type TableFacts, type WindowFacts } from './window-facts.ts';
import { wilsonLower } from '../drift/statistics/two-proportion-z.ts';
import { total } from '../data/math/total.ts';
import { grouped, percent, percents } from '../numbers-in-words.ts';

/** The checks of a column, the plainest first: of one column the first finding explains the others. */
const columnChecks: readonly ColumnCheck[] = [
  typeChanged,
  allMissing,
  constantColumn,
  unitChanged,
  signFlipped,
  defaultFilled,
];

/**
 * Looks a window through. Columns are measured against the champion's reference; without one only the tables and the
 * window before are looked at. Warnings come first.
 *
 * @example findFaults(facts).filter(({ severity }) => severity === 'warn')
 */
export function findFaults(facts: WindowFacts): Finding[] {
  const { reference, columns, tables } = facts;
  const references = new Map(reference?.columns.map((column) => [column.name, column]));
  const found = [
    ...(reference ? columnSet(facts, reference) : []),
    ...columns.flatMap((column) => checkColumn(column, references.get(column.name))),
    ...unchangedColumns(facts),
    ...tables.flatMap((table) => staleTable(table) ?? []),
    ...tables.flatMap((table) => duplicateRows(table) ?? []),
    ...[identicalRows(facts) ?? []].flat(),
  ];
  return [
    ...found.filter(({ severity }) => severity === 'warn'),
    ...found.filter(({ severity }) => severity === 'info'),
  ];
}

function checkColumn(column: ColumnFacts, reference: ColumnReference | undefined): Finding[] {
  if (!reference) return [];
  for (const check of columnChecks) {
    const finding = check(column, reference);
    if (finding) return [finding];
  }
  return [];
}

/** Share of repeated rows of a table from which they are a warning; a few are information. */
const WARNING_SHARE = 0.001;

/** Rise of the share of alike rows since the window before from which it is a warning, and the share that is told of without one. */
const MIN_RISE = 0.05;

/** Rows of a table that repeat the key and the instants of another. The join takes one of them, so no row is doubled. */
function duplicateRows({ table, isSpine, windowRows, repeatedRows }: TableFacts): Finding | undefined {
  if (repeatedRows === 0) return undefined;
  const share = repeatedRows / windowRows;
  return {
    name: isSpine ? 'duplicate-entities' : 'duplicate-rows',
    column: null,
    table,
    severity: share >= WARNING_SHARE ? 'warn' : 'info',
    evidence: { rows: windowRows, repeated: repeatedRows, share },
    violation: null,
    words:
      `${grouped(repeatedRows)} of ${grouped(windowRows)} rows of the window (${percent(share)}) ` +
      'repeat the key and time of another',
    advice: isSpine
      ? 'Look whether a load ran twice. Each entity and time is used once, so nothing is counted double.'
      : 'Look whether a load ran twice. One row of each is used: where they differ, the greater values.',
  };
}

/**
 * Rows of different keys or times with the same value in every feature. A warning where their share rose by 0.05 since
 * the window before; before there is one to compare with, information from a share of 0.05 where the columns' own
 * distributions would make fewer than a tenth of that, if they did not depend on each other.
 */
function identicalRows({ repeats, previous, reference }: WindowFacts): Finding | undefined {
  if (repeats.values === 0) return undefined;
  const share = repeats.repeats / repeats.values;
  const sure = wilsonLower({ hits: repeats.repeats, size: repeats.values });
  const before = previous?.repeats ?? null;
  const wasShare = before && before.values > 0 ? before.repeats / before.values : null;
  const expected = wasShare ?? (reference ? expectedShare(reference, repeats.values) : null);
  if (expected === null) return undefined;
  if (wasShare === null ? sure < MIN_RISE || expected > share / 10 : sure - wasShare < MIN_RISE)
    return undefined;
  const [now, then] = percents(wasShare === null ? [share] : [share, wasShare]);
  return {
    name: 'identical-rows',
    column: null,
    table: null,
    severity: wasShare === null ? 'info' : 'warn',
    evidence: { rows: repeats.values, repeated: repeats.repeats, share, shareBefore: wasShare },
    violation: null,
    words:
      `${now} of the rows have the value of another row in every feature` +
      (then === undefined ? '' : `, in the window before ${then}`),
    advice: 'Look whether rows were copied under other keys, or features are filled with defaults.',
  };
}

/** About the share of rows that would repeat another if the columns were independent: n/2 times the chance that two rows agree. */
function expectedShare({ columns }: FeatureReference, rows: number): number {
  const agree = columns.reduce((chance, column) => {
    const counts = column.kind === 'numeric' ? column.profile.counts : column.counts;
    const missing = column.kind === 'numeric' ? column.profile.missing : column.missing;
    const size = total(counts) + missing;
    if (size === 0) return chance;
    const squares = counts.reduce((sum, count) => sum + (count / size) ** 2, (missing / size) ** 2);
    return chance * squares;
  }, 1);
  return Math.min(1, (rows * agree) / 2);
}
