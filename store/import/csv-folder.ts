// A folder of CSV files, each named for the table it fills.
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { TidegateError } from '../../domain/errors.ts';

/** One file of the folder. */
export interface CsvFile {
  /** The file's name, as messages show it. */
  readonly name: string;
  /** The table that it fills. */
  readonly table: string;
  readonly path: string;
}

/**
 * The CSV files of a folder in the order of their names, so that two imports lock tables in the same order.
 * Hidden files and folders within it are passed over.
 *
 * @throws TidegateError IMPORT_FOLDER when there is no such folder, no CSV file in it, or two for one table
 */
export async function csvFilesOf(folder: string): Promise<CsvFile[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    throw new TidegateError('IMPORT_FOLDER', `${folder} ${whyUnreadable(error)}`, { cause: error });
  });
  const files = entries
    .filter((entry) => !entry.isDirectory() && /^[^.].*\.csv$/i.test(entry.name))
    .map(({ name }) => ({ name, table: name.slice(0, -'.csv'.length), path: path.join(folder, name) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  if (files.length === 0) throw new TidegateError('IMPORT_FOLDER', `${folder} holds no CSV file`);
  const twin = files.find(({ table }, index) => files.findIndex((file) => file.table === table) < index);
  if (twin) throw new TidegateError('IMPORT_FOLDER', `${folder} holds two files for table ${twin.table}`);
  return files;
}

function whyUnreadable(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return 'does not exist';
  if (error.code === 'ENOTDIR') return 'is not a folder';
  return `cannot be read: ${error.message}`;
}
