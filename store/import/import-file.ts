// One file of an import: read, checked, staged, compared, added.
import type pg from 'pg';
import { type CopyIn } from './copy-in.ts';
import { type CsvFile } from './csv-folder.ts';
import { MalformedCsv, csvRecords } from './csv-records.ts';
import { type ImportTable } from './import-table.ts';
import { conflictSql, mergeSql } from './merge-sql.ts';
import { type ImportProblems } from './problems.ts';
import { RowEncoder } from './row-encoder.ts';
import { findDuplicates, openStaging } from './staging.ts';

/** What one file brought. */
export interface ImportedTable {
  readonly table: string;
  readonly file: string;
  /** Rows of the file. */
  readonly rows: number;
  /** Rows about an entity of which nothing was known at that time. */
  readonly inserted: number;
  /** Rows that say something else than what was known last; kept beside it. */
  readonly changed: number;
  /** Rows that say what was known already; nothing is written for them. */
  readonly unchanged: number;
}

/** When the rows of an import hold and when they became known. */
export interface ImportTimes {
  readonly asOf: Date;
  readonly knownAt: Date | undefined;
}

const BATCH_CHARACTERS = 128 * 1024;

/**
 * Stages the rows of a file that are sound; the others become problems.
 *
 * @returns the number of rows in the file
 * @throws pg.DatabaseError for a value that only Postgres could judge
 */
export async function stageFile(
  client: pg.ClientBase,
  file: CsvFile,
  table: ImportTable,
  problems: ImportProblems,
  onRows: (rows: number) => void,
): Promise<number> {
  const before = problems.count;
  const rows = await copyFile(client, file, table, problems, onRows);
  if (rows === 0 && problems.count === before) problems.add(file.name, 'holds a header but no rows');
  await findDuplicates(client, file.name, table, problems);
  return rows;
}

async function copyFile(
  client: pg.ClientBase,
  file: CsvFile,
  table: ImportTable,
  problems: ImportProblems,
  onRows: (rows: number) => void,
): Promise<number> {
  const copy = await openStaging(client, table);
  try {
    const rows = await copyRows(copy, file, table, problems, onRows);
    await copy.end();
    return rows;
  } catch (error) {
    await copy.abort();
    throw error;
  }
}

async function copyRows(
  copy: CopyIn,
  file: CsvFile,
  table: ImportTable,
  problems: ImportProblems,
  onRows: (rows: number) => void,
): Promise<number> {
  let rows = 0;
  let batch = '';
  let encoder: RowEncoder | undefined;
  try {
    for await (const record of csvRecords(file.path)) {
      if (!encoder) {
        encoder = RowEncoder.fromHeader(file.name, record, table, problems);
        if (!encoder) return 0;
        continue;
      }
      rows += 1;
      batch += encoder.encode(record) ?? '';
      if (batch.length >= BATCH_CHARACTERS) {
        await copy.write(batch);
        batch = '';
        onRows(rows);
      }
    }
    if (!encoder) problems.add(file.name, 'is empty');
    if (batch !== '') await copy.write(batch);
  } catch (error) {
    if (!(error instanceof MalformedCsv)) throw error;
    problems.add(`${file.name}:${error.line}`, error.message);
  }
  onRows(rows);
  return rows;
}

/** Adds the staged rows to the table, which other writers must not touch until the transaction ends. */
export async function mergeStaged(
  client: pg.ClientBase,
  file: CsvFile,
  table: ImportTable,
  { asOf, knownAt }: ImportTimes,
  problems: ImportProblems,
): Promise<{ readonly inserted: number; readonly changed: number }> {
  await client.query(`lock table ${table.sql} in share row exclusive mode`);
  const times = [asOf.toISOString(), knownAt?.toISOString() ?? null];
  if (knownAt) {
    const { rows } = await client.query<{ line: number }>(conflictSql(table), times);
    for (const { line } of rows) {
      problems.add(`${file.name}:${line}`, `other values are already known at ${knownAt.toISOString()}`);
    }
    if (rows.length > 0) return { inserted: 0, changed: 0 };
  }
  const { rows } = await client.query<{ inserted: number; changed: number }>(mergeSql(table), times);
  const { inserted, changed } = rows[0] ?? { inserted: 0, changed: 0 };
  // Whoever reads next plans by these statistics; autovacuum would take a minute to notice.
  if (inserted + changed > 0) await client.query(`analyze ${table.sql}`);
  return { inserted, changed };
}
