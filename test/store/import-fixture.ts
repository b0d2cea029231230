// Shared by the import tests: a database with the example's tables, and folders of CSV files.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { exampleMigrations } from '../../migrations/example/index.ts';
import { TidegateError } from '../../domain/errors.ts';
import { type Database, openDatabase } from '../../store/postgres/database.ts';
import { importFolder, type ImportRequest } from '../../store/import/import-files.ts';
import { migrate } from '../../store/postgres/migrate.ts';
import { createTestDatabase } from '../helpers/database.ts';

/** A database with the source tables of the example, and a function that drops it. */
export interface ImportFixture {
  readonly database: Database;
  drop(): Promise<void>;
}

export async function importFixture(): Promise<ImportFixture> {
  const made = await createTestDatabase();
  const database = openDatabase(made.url);
  await migrate(database, exampleMigrations);
  const drop = async (): Promise<void> => {
    await database.close();
    await made.drop();
  };
  return { database, drop };
}

/** Creates an empty temporary folder, which is removed when the test ends. */
export async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'tidegate-import-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes files into a new temporary folder. */
export async function folderOf(files: Readonly<Record<string, string | Buffer>>): Promise<string> {
  const folder = await emptyFolder();
  for (const [name, content] of Object.entries(files)) await writeFile(path.join(folder, name), content);
  return folder;
}

export const january = new Date('2026-01-31T00:00:00Z');

/** Imports files as of 31 January. */
export async function importFiles(
  { database }: ImportFixture,
  files: Readonly<Record<string, string | Buffer>>,
  request: Partial<ImportRequest> = {},
) {
  return importFolder(database.pool, { folder: await folderOf(files), asOf: january, ...request });
}

/** Returns the error with which an import was refused, with its places as `at: problem`. */
export async function refusalOf(importing: Promise<unknown>) {
  const error: unknown = await importing.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof TidegateError))
    throw new Error(`no refusal, but ${String(error)}`, { cause: error });
  return {
    code: error.code,
    message: error.message,
    places: error.places.map(({ at, problem }) => `${at}: ${problem}`),
  };
}

/** Counts the rows of a table of the example. */
export async function rowsIn({ database }: ImportFixture, table: string): Promise<number> {
  const { rows } = await database.pool.query<{ count: number }>(`select count(*) from public.${table}`);
  return Number(rows[0]?.count);
}
