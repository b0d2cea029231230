// Adds the staged rows of a file to its table.
import type pg from 'pg';
import { type ImportTable } from './import-table.ts';
import { conflictSql, mergeSql } from './merge-sql.ts';
import { type ImportProblems } from './problems.ts';
import { type RowSource } from './row-source.ts';

/** When the rows of an import hold and when they became known. */
export interface ImportTimes {
  /** Undefined if each row has a time of its own. */
  readonly asOf: Date | undefined;
  readonly knownAt: Date | undefined;
}

/** How many rows of a file said something new. */
export interface Merged {
  readonly inserted: number;
  readonly changed: number;
}

/** Adds the staged rows to the table, which other writers must not touch until the transaction ends. */
export async function mergeStaged(
  client: pg.ClientBase,
  source: Pick<RowSource, 'place'>,
  table: ImportTable,
  { asOf, knownAt }: ImportTimes,
  problems: ImportProblems,
): Promise<Merged> {
  await client.query(`lock table ${table.sql} in share row exclusive mode`);
  const known = knownAt?.toISOString() ?? null;
  const times = asOf && !table.rowTime ? [known, asOf.toISOString()] : [known];
  if (knownAt) {
    const { rows } = await client.query<{ row: number; found: number }>(conflictSql(table), times);
    for (const { row } of rows) {
      problems.add(source.place(row), `other values are already known at ${knownAt.toISOString()}`, row);
    }
    problems.addUnnamed((rows[0]?.found ?? 0) - rows.length);
    if (rows.length > 0) return { inserted: 0, changed: 0 };
  }
  const { rows } = await client.query<Merged>(mergeSql(table), times);
  const { inserted, changed } = rows[0] ?? { inserted: 0, changed: 0 };
  // Whoever reads next plans by these statistics; autovacuum would take a minute to notice.
  if (inserted + changed > 0) await client.query(`analyze ${table.sql}`);
  return { inserted, changed };
}
