// Every check of a window beside its contracts.
import { type ColumnReference } from '../drift/feature-reference.ts';
import { allMissing } from './all-missing.ts';
import { type ColumnCheck } from './column-check.ts';
import { columnSet } from './column-set.ts';
import { constantColumn } from './constant-column.ts';
import { defaultFilled } from './default-filled.ts';
import { duplicateRows, identicalRows } from './duplicates.ts';
import { type Finding } from './finding.ts';
import { signFlipped } from './sign-flipped.ts';
import { staleTable } from './stale-table.ts';
import { typeChanged } from './type-changed.ts';
import { unchangedColumns } from './unchanged-columns.ts';
import { unitChanged } from './unit-changed.ts';
import { type ColumnFacts, type WindowFacts } from './window-facts.ts';

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
