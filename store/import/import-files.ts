// Imports CSV and Parquet files into the source tables: all of them or none.
import type pg from 'pg';
import { TidegateError } from '../../domain/errors.ts';
import { backendOf } from '../postgres/snapshot.ts';
import { type CsvOptions } from './csv/csv-source.ts';
import { type ImportedTable, importFile } from './import-file.ts';
import { type ImportProgress, type ImportRun, ProgressCounter } from './import-progress.ts';
import { type TableNames } from './rows/import-table.ts';
import { ImportProblems } from './problems.ts';
import { type SourceFile, sourceFilesOf } from './source-files.ts';

/** What to import, and with which times. */
export interface ImportRequest {
  /** Files named `<table>.csv` or `<table>.parquet`, and folders that contain such files. */
  readonly paths: readonly string[];
  /** The instant that the rows describe. @default each row has its own time, in a column of the file */
  readonly asOf?: Date;
  /**
   * Name of the files' column with the time of each row; not allowed together with `asOf`. @default the value of
   * `timestampColumn`
   */
  readonly asOfColumn?: PerTable<string>;
  /** The latest time that is accepted in a row with its own time. @default any */
  readonly latest?: Date;
  /**
   * When the rows became known, for history that is loaded later.
   *
   * @default the time of the row for the first version of a row, now for a later version
   */
  readonly knownAt?: Date;
  /** Schema of the tables. @default 'public' */
  readonly schema?: string;
  /** Column of the table that receives the as-of instant or the time of the row. @default 'as_of' */
  readonly timestampColumn?: string;
  /** Column of the table that receives when a row became known. @default 'loaded_at' */
  readonly knownColumn?: string;
  /** The format of the CSV files. @default detected */
  readonly csv?: CsvOptions;
  /** Tables to create first, as `planTables` returns them. @default none */
  readonly create?: readonly TablePlan[];
  /** Does and reports everything, then rolls back. @default false */
  readonly dryRun?: boolean;
  /** Called while rows are read. */
  readonly onProgress?: (progress: ImportProgress) => void;
  /** Stops the import; nothing is kept. */
  readonly signal?: AbortSignal;
}

/** A value for all files, and different values for single tables by their names. */
export interface PerTable<T> {
  readonly all?: T;
  readonly tables: ReadonlyMap<string, T>;
}

/** A table that does not exist yet, and the statement that creates it. */
export interface TablePlan {
  readonly table: string;
  readonly statement: string;
}

/** The result of an import: one entry per file, in the order of their tables. */
export interface ImportResult {
  readonly tables: readonly ImportedTable[];
}

/**
 * Imports files in one transaction. Tables, columns and types are read from the Postgres catalog; the primary key
 * without the two time columns identifies an entity. A new row is recorded as known at its own time. A row with other
 * values than the version that was known last is added as a further version that is known now. A row with the same
 * values is skipped. So importing the same files twice changes nothing. Memory use does not depend on the size of the
 * files.
 *
 * @throws TidegateError IMPORT_FOLDER if there is nothing to read, or if an option names a table that no file fills;
 *   IMPORT_REJECTED with the first 20 places; the signal's reason, if aborted
 * @example await importFiles(pool, { paths: ['month_000'], asOf: new Date('2024-01-31T00:00:00Z') });
 */
export async function importFiles(pool: pg.Pool, request: ImportRequest): Promise<ImportResult> {
  const { signal } = request;
  const files = await sourceFilesOf(request.paths);
  checkTables('--as-of-column', request.asOfColumn, files);
  signal?.throwIfAborted();
  const client = await pool.connect();
  let backend = 0;
  const cancel = (): void => void cancelStatement(pool, backend);
  let failure: Error | undefined;
  try {
    await client.query('begin');
    backend = await backendOf(client);
    signal?.addEventListener('abort', cancel);
    signal?.throwIfAborted();
    // Times without an offset are read as UTC, independent of the server's setting.
    await client.query(`set local time zone 'UTC'`);
    const result = await importEach(client, files, request);
    signal?.throwIfAborted();
    await client.query(request.dryRun ? 'rollback' : 'commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch((broken: Error) => (failure = broken));
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', cancel);
    client.release(failure);
  }
}

/**
 * Cancels the running statement, because a statement over millions of rows would otherwise keep its locks until it
 * ends.
 */
async function cancelStatement(pool: pg.Pool, backend: number): Promise<void> {
  await pool.query('select pg_cancel_backend($1)', [backend]).catch(() => undefined);
}

async function importEach(
  client: pg.ClientBase,
  files: readonly SourceFile[],
  request: ImportRequest,
): Promise<ImportResult> {
  for (const plan of request.create ?? []) await createTable(client, plan);
  const run: ImportRun = {
    client,
    namesOf: (file) => namesOf(file, request),
    times: { asOf: request.asOf, knownAt: request.knownAt },
    csv: request.csv ?? {},
    progress: new ProgressCounter(files, request.onProgress),
    signal: request.signal,
  };
  const problems = new ImportProblems();
  const tables: ImportedTable[] = [];
  for (const file of files) {
    const own = new ImportProblems();
    const imported = await importFile(run, file, own, problems.count === 0).catch((error: unknown) => {
      throw unreadable(error, file);
    });
    run.progress.finish(file);
    if (imported) tables.push(imported);
    problems.append(own);
  }
  if (problems.count > 0) throw problems.toError();
  return { tables };
}

async function createTable(client: pg.ClientBase, { table, statement }: TablePlan): Promise<void> {
  await client.query(statement).catch((error: unknown) => {
    if ((error as pg.DatabaseError).code !== '42P07') throw error;
    throw new TidegateError('IMPORT_REJECTED', `table ${table} was created by somebody else meanwhile`, {
      cause: error,
    });
  });
}

/** Returns where the table of a file is, and which columns contain the times of its rows. */
export function namesOf({ table }: SourceFile, request: ImportRequest): TableNames {
  const { schema = 'public', timestampColumn = 'as_of', knownColumn = 'loaded_at', asOfColumn } = request;
  const header = asOfColumn?.tables.get(table) ?? asOfColumn?.all ?? timestampColumn;
  return {
    schema,
    table,
    timestamp: timestampColumn,
    known: knownColumn,
    ...(request.asOf === undefined && { rowTime: { header, latest: request.latest } }),
  };
}

/** Refuses an option for a table that no file fills. @throws TidegateError IMPORT_FOLDER */
export function checkTables(
  option: string,
  perTable: PerTable<unknown> | undefined,
  files: readonly SourceFile[],
): void {
  const named = [...(perTable?.tables.keys() ?? [])];
  const unfilled = named.find((table) => !files.some((file) => file.table === table));
  if (unfilled === undefined) return;
  const message = `${option} names table ${unfilled}, which no file fills: ${files.map(({ table }) => table).join(', ')}`;
  throw new TidegateError('IMPORT_FOLDER', message);
}

/** Converts an error of reading the file to IMPORT_FOLDER; returns any other error unchanged. */
export function unreadable(error: unknown, file: SourceFile): unknown {
  const { code, path } = error as NodeJS.ErrnoException;
  if (path !== file.path) return error;
  return new TidegateError('IMPORT_FOLDER', `${file.path} cannot be read: ${code}`, { cause: error });
}

/**
 * Imports the files of one folder, as {@link importFiles} does.
 *
 * @throws TidegateError as importFiles
 * @example await importFolder(pool, { folder: 'month_000', asOf: new Date('2024-01-31T00:00:00Z') });
 */
export const importFolder = (
  pool: pg.Pool,
  { folder, ...request }: Omit<ImportRequest, 'paths'> & { readonly folder: string },
): Promise<ImportResult> => importFiles(pool, { ...request, paths: [folder] });
