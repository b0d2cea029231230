// Importing a folder of CSV and Parquet files.
import type pg from 'pg';
import { type ImportRequest, type ImportResult, importFiles } from './import-files.ts';

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
