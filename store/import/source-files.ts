// A folder of CSV and Parquet files, each named for the table it fills.
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { TidegateError } from '../../domain/errors.ts';

/** One file of the folder. */
export interface SourceFile {
  /** The file's name, as messages show it. */
  readonly name: string;
  /** The table that it fills. */
  readonly table: string;
  readonly format: 'csv' | 'parquet';
  readonly path: string;
  readonly bytes: number;
}

const NAME = /^([^.].*)\.(csv|parquet)$/i;

/**
 * The files of a folder in the order of their names, so that two imports lock tables in the same order. Hidden files,
 * files of other formats and folders within it are passed over; links are followed.
 *
 * @throws TidegateError IMPORT_FOLDER when there is no such folder, no file to import in it, or two for one table
 */
export async function sourceFilesOf(folder: string): Promise<SourceFile[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    throw new TidegateError('IMPORT_FOLDER', `${folder} ${whyUnreadable(error)}`, { cause: error });
  });
  const files: SourceFile[] = [];
  for (const name of names.sort()) {
    const [, table, extension] = NAME.exec(name) ?? [];
    if (table === undefined || extension === undefined) continue;
    const file = path.join(folder, name);
    const status = await stat(file).catch((error: NodeJS.ErrnoException) => {
      throw new TidegateError('IMPORT_FOLDER', `${file} ${whyUnreadable(error)}`, { cause: error });
    });
    if (status.isDirectory()) continue;
    // A pipe or a device could be read but once, or for ever.
    if (!status.isFile()) throw new TidegateError('IMPORT_FOLDER', `${file} is not a file`);
    const format = extension.toLowerCase() === 'csv' ? 'csv' : 'parquet';
    files.push({ name, table, format, path: file, bytes: status.size });
  }
  if (files.length === 0) throw new TidegateError('IMPORT_FOLDER', `${folder} holds no CSV or Parquet file`);
  const tables = new Set<string>();
  for (const { table } of files) {
    if (tables.has(table))
      throw new TidegateError('IMPORT_FOLDER', `${folder} holds two files for table ${table}`);
    tables.add(table);
  }
  return files;
}

function whyUnreadable(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return 'does not exist';
  if (error.code === 'ENOTDIR') return 'is not a folder';
  return `cannot be read: ${error.message}`;
}
