// Importing a folder of CSV files into the source tables: all of it, or nothing.
import pg from 'pg';
import { TidegateError } from '../../domain/errors.ts';
import { type CsvFile, csvFilesOf } from './csv-folder.ts';
import { type ImportTimes, type ImportedTable, mergeStaged, stageFile } from './import-file.ts';
import { findImportTable } from './import-table.ts';
import { ImportProblems } from './problems.ts';

/** What to import, and when it holds. */
export interface ImportRequest {
  /** Folder of `<table>.csv` files. */
  readonly folder: string;
  /** The instant that the rows speak about. */
  readonly asOf: Date;
  /** When the rows became known, for history that is loaded later. @default as-of for first rows, now for changes */
  readonly knownAt?: Date;
  /** Schema of the tables. @default 'public' */
  readonly schema?: string;
  /** Column that gets the as-of instant. @default 'as_of' */
  readonly timestampColumn?: string;
  /** Column that says when a row became known. @default 'loaded_at' */
  readonly knownColumn?: string;
  /** Does everything, reports what it would bring, and keeps nothing. @default false */
  readonly dryRun?: boolean;
  /** Called as rows are read. */
  readonly onProgress?: (progress: ImportProgress) => void;
}

/** How far an import is. */
export interface ImportProgress {
  readonly file: string;
  /** Rows of that file read so far. */
  readonly rows: number;
}

/** What an import brought, one entry a file, in the order of their names. */
export interface ImportResult {
  readonly tables: readonly ImportedTable[];
}

/**
 * Imports a folder in one transaction. Tables, columns and types come from the Postgres catalogue; an entity is told by
 * the primary key without the two time columns. A row that is new is known at its as-of, one that changes what was
 * known becomes a further row known now, and one that repeats it is passed over: importing the same files twice does
 * nothing. Memory does not grow with the files.
 *
 * @throws TidegateError IMPORT_FOLDER when there is nothing to read; IMPORT_REJECTED with the first 20 places
 * @example await importFolder(pool, { folder: 'month_000', asOf: new Date('2024-01-31T00:00:00Z') });
 */
export async function importFolder(pool: pg.Pool, request: ImportRequest): Promise<ImportResult> {
  const files = await csvFilesOf(request.folder);
  const client = await pool.connect();
  let failure: Error | undefined;
  try {
    await client.query('begin');
    // Times without an offset are read as UTC, whatever the server is set to.
    await client.query(`set local time zone 'UTC'`);
    const result = await importFiles(client, files, request);
    await client.query(request.dryRun ? 'rollback' : 'commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch((broken: Error) => (failure = broken));
    throw error;
  } finally {
    client.release(failure);
  }
}

async function importFiles(
  client: pg.ClientBase,
  files: readonly CsvFile[],
  request: ImportRequest,
): Promise<ImportResult> {
  const problems = new ImportProblems();
  const times: ImportTimes = { asOf: request.asOf, knownAt: request.knownAt };
  const tables: ImportedTable[] = [];
  for (const file of files) {
    try {
      const imported = await importFile(client, file, request, times, problems);
      if (imported) tables.push(imported);
    } catch (error) {
      throw rejected(error, file, request.folder, problems);
    }
  }
  if (problems.count > 0) throw problems.toError(request.folder);
  return { tables };
}

async function importFile(
  client: pg.ClientBase,
  file: CsvFile,
  request: ImportRequest,
  times: ImportTimes,
  problems: ImportProblems,
): Promise<ImportedTable | undefined> {
  const table = await findImportTable(client, {
    schema: request.schema ?? 'public',
    table: file.table,
    timestamp: request.timestampColumn ?? 'as_of',
    known: request.knownColumn ?? 'loaded_at',
  });
  if (typeof table === 'string') {
    problems.add(file.name, table);
    return undefined;
  }
  const onRows = (rows: number): void => request.onProgress?.({ file: file.name, rows });
  const rows = await stageFile(client, file, table, problems, onRows);
  // The other files are still read, so that one attempt names what is wrong in all of them.
  if (problems.count > 0) return undefined;
  const { inserted, changed } = await mergeStaged(client, file, table, times, problems);
  return {
    table: file.table,
    file: file.name,
    rows,
    inserted,
    changed,
    unchanged: rows - inserted - changed,
  };
}

/** What Postgres says about the data is a problem of the file; anything else is passed on. */
function rejected(error: unknown, file: CsvFile, folder: string, problems: ImportProblems): unknown {
  if (error instanceof pg.DatabaseError && /^(22|23|P0)/.test(error.code ?? '')) {
    // A type without a check of ours is judged by COPY, which counts records and not lines.
    const [, record, column] = /, line (\d+), column ([^:]+)/.exec(error.where ?? '') ?? [];
    const place = record === undefined ? '' : ` record ${record} ${column}`;
    problems.add(`${file.name}${place}`, [error.message, error.detail].filter(Boolean).join('; '));
    return problems.toError(folder, error);
  }
  const { code, path } = error as NodeJS.ErrnoException;
  if (path === file.path) {
    return new TidegateError('IMPORT_FOLDER', `${file.path} cannot be read: ${code}`, { cause: error });
  }
  return error;
}
