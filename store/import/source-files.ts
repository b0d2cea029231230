// Finds and opens the CSV and Parquet files to import. Each is named after the table it fills.
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { TidegateError } from '../../domain/errors.ts';
import { type CsvOptions, openCsv } from './csv/csv-source.ts';
import { type ImportTable } from './rows/import-table.ts';
import { openParquet } from './parquet/parquet-source.ts';
import { type RowSource } from './rows/row-source.ts';

/** One file to import. */
export interface SourceFile {
  /** The file's name, for messages. */
  readonly name: string;
  /** The table that it fills. */
  readonly table: string;
  readonly format: 'csv' | 'parquet';
  readonly path: string;
  readonly bytes: number;
}

const NAME = /^([^.].*)\.(csv|parquet)$/i;

/**
 * Returns the files at some paths, including files in folders, in the order of their tables, so that concurrent
 * imports lock tables in the same order. In a folder, hidden files, files of other formats and sub-folders are
 * skipped; links are followed.
 *
 * @param paths files named `<table>.csv` or `<table>.parquet`, and folders that contain such files
 * @throws TidegateError IMPORT_FOLDER if a path does not exist or is not such a file, if a folder contains none, or
 *   if two files fill the same table
 * @example await sourceFilesOf(['month_000', 'late/labels.parquet'])
 */
export async function sourceFilesOf(paths: readonly string[]): Promise<SourceFile[]> {
  const files = (await Promise.all(paths.map(filesAt))).flat();
  files.sort((a, b) => (a.table < b.table ? -1 : 1));
  const twice = files.find(({ table }, index) => table === files[index + 1]?.table);
  if (twice) {
    const both = files.filter(({ table }) => table === twice.table).map((file) => file.path);
    throw new TidegateError('IMPORT_FOLDER', `${both.join(' and ')} both fill table ${twice.table}`);
  }
  return files;
}

async function filesAt(given: string): Promise<SourceFile[]> {
  const isFolder = (await statusOf(given)).isDirectory();
  if (!isFolder) return [await fileAt(given)];
  const names = await readdir(given).catch((error: NodeJS.ErrnoException) => {
    throw new TidegateError('IMPORT_FOLDER', `${given} ${whyUnreadable(error)}`, { cause: error });
  });
  const files: SourceFile[] = [];
  for (const name of names.sort()) {
    const file = path.join(given, name);
    if (NAME.test(name) && !(await statusOf(file)).isDirectory()) files.push(await fileAt(file));
  }
  if (files.length === 0)
    throw new TidegateError('IMPORT_FOLDER', `${given} contains no CSV or Parquet file`);
  return files;
}

async function fileAt(file: string): Promise<SourceFile> {
  const name = path.basename(file);
  const [, table, extension] = NAME.exec(name) ?? [];
  if (table === undefined || extension === undefined) {
    throw new TidegateError('IMPORT_FOLDER', `${file} is not named <table>.csv or <table>.parquet`);
  }
  const status = await statusOf(file);
  // A pipe can be read only once, and a device may never end.
  if (!status.isFile()) throw new TidegateError('IMPORT_FOLDER', `${file} is not a file`);
  const format = extension.toLowerCase() === 'csv' ? 'csv' : 'parquet';
  return { name, table, format, path: file, bytes: status.size };
}

const statusOf = (file: string) =>
  stat(file).catch((error: NodeJS.ErrnoException) => {
    throw new TidegateError('IMPORT_FOLDER', `${file} ${whyUnreadable(error)}`, { cause: error });
  });

function whyUnreadable(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return 'does not exist';
  if (error.code === 'ENOTDIR') return 'does not exist: part of its path is a file';
  return `cannot be read: ${error.message}`;
}

/**
 * Opens a file and reads its header.
 *
 * @param csv the format of CSV files; absent values are detected
 * @returns undefined for a file without a header
 * @throws MalformedFile if it does not have the format that its name implies
 */
export function openSource(
  file: SourceFile,
  table: Pick<ImportTable, 'columns'>,
  csv: CsvOptions,
): Promise<RowSource | undefined> {
  const columns = table.columns.map((column) => ({ ...column, name: column.header ?? column.name }));
  if (file.format === 'parquet') return openParquet(file, { columns });
  return openCsv(
    file,
    columns.map(({ name }) => name),
    csv,
  );
}
