// Imports one file: opens it, stages its rows, compares them with the table and adds what is new. Collects what is
// wrong with the file.
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

/** The result of importing one file. */
export interface ImportedTable {
  readonly table: string;
  readonly file: string;
  /** Number of rows in the file. */
  readonly rows: number;
  /** Number of rows for whose entity and time no version was known yet. */
  readonly inserted: number;
  /** Number of rows whose values differ from the version that was known last. They are added as new versions. */
  readonly changed: number;
  /** Number of rows whose values were already known; nothing is written for them. */
  readonly unchanged: number;
  /** What was assumed about the file: an encoding that it does not declare. Null if nothing was. */
  readonly assumed: string | null;
  /** The file's column with the time of each row; null if all rows have the time of the import. */
  readonly asOfColumn: string | null;
}

/**
 * Imports a file. If something is wrong with it or with an earlier file, it is only checked.
 *
 * @param problems receives what is wrong with this file
 * @param isWanted whether to add the rows; false after a problem in an earlier file
 * @returns undefined if the file was not added
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
    return resultOf(file, table, loaded.rows, { inserted: loaded.rows, changed: 0 }, loaded.assumed);
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
  return resultOf(file, table, rows, merged, source.assumed);
}

const resultOf = (
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

/** Adds what Postgres refuses as a problem of the file, so that the other files are still checked. */
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
