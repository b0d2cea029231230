// One file of an import: opened, staged, compared, added; what is wrong with it becomes a list.
import { copyFile } from './copy-file.ts';
import { type ImportRun } from './import-progress.ts';
import { findImportTable, type ImportTable } from './rows/import-table.ts';
import { loadNew } from './load-new.ts';
import { type Merged, mergeStaged } from './merge-sql.ts';
import { openSource, type SourceFile } from './source-files.ts';
import { type ImportProblems } from './problems.ts';
import { placeOfCopied, refusalOf } from './refused-row.ts';
import { RowEncoder } from './row-encoder.ts';
import { MalformedFile, type RowSource } from './rows/row-source.ts';
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
  /** What was taken for granted about the file: an encoding that it does not name. Null where nothing was. */
  readonly assumed: string | null;
  /** The file's column that gave the rows their times; null if all of them have that of the import. */
  readonly asOfColumn: string | null;
}

/**
 * Imports a file. Where something is wrong with it, or was with an earlier one, it is only checked.
 *
 * @param problems what is wrong with this file is added here
 * @param isWanted whether nothing is wrong so far
 * @returns nothing where it was not added
 */
export async function importFile(
  run: ImportRun,
  file: SourceFile,
  problems: ImportProblems,
  isWanted: boolean,
): Promise<ImportedTable | undefined> {
  const table = await findImportTable(run.client, run.namesOf(file));
  if (typeof table === 'string') {
    problems.add(file.name, table);
    return undefined;
  }
  const loaded = isWanted ? await loadNew(run, file, table) : undefined;
  if (loaded)
    return broughtBy(file, table, loaded.rows, { inserted: loaded.rows, changed: 0 }, loaded.assumed);
  let source: RowSource | undefined;
  await run.client.query('savepoint file');
  try {
    source = await openSource(file, table, run.csv);
    if (source) return await importSource(run, file, source, table, problems, isWanted);
    problems.add(file.name, 'is empty');
  } catch (error) {
    if (error instanceof MalformedFile) {
      problems.add(error.at, error.message);
    } else {
      await addRefusal(run, file, table, problems, error);
    }
  } finally {
    await source?.close();
  }
  return undefined;
}

async function importSource(
  { client, times, progress, signal }: ImportRun,
  file: SourceFile,
  source: RowSource,
  table: ImportTable,
  problems: ImportProblems,
  isWanted: boolean,
): Promise<ImportedTable | undefined> {
  const encoder = RowEncoder.fromHeader(source, table, problems);
  if (!encoder) return undefined;
  const rows = await copyFile(file, source, encoder, problems, {
    open: () => openStaging(client, table),
    signal,
    onRows: (read, bytes) => progress.read(file, read, bytes),
  });
  await findDuplicates(client, source, table, problems);
  if (!isWanted || problems.count > 0) return undefined;
  progress.compare(file, rows);
  const merged = await mergeStaged(client, source, table, times, problems);
  return broughtBy(file, table, rows, merged, source.assumed);
}

const broughtBy = (
  { table, name }: SourceFile,
  { rowTime }: ImportTable,
  rows: number,
  { inserted, changed }: Merged,
  assumed: string | undefined,
): ImportedTable => ({
  table,
  file: name,
  rows,
  inserted,
  changed,
  unchanged: rows - inserted - changed,
  assumed: assumed ?? null,
  asOfColumn: rowTime?.header ?? null,
});

/** What Postgres says about the data is a problem of the file, and the others are still looked at. */
async function addRefusal(
  { client, csv }: ImportRun,
  file: SourceFile,
  table: ImportTable,
  problems: ImportProblems,
  error: unknown,
): Promise<void> {
  const refusal = refusalOf(error);
  if (!refusal) throw error;
  await client.query('rollback to savepoint file');
  const { problem, copied } = refusal;
  const again = copied && (await openSource(file, table, csv));
  if (!copied || !again) return problems.add(file.name, problem);
  try {
    const row = await placeOfCopied(again, table, copied.line);
    const place = row === undefined ? file.name : again.place(row);
    problems.add(copied.column === undefined ? place : `${place} ${copied.column}`, problem, row);
  } finally {
    await again.close();
  }
}
