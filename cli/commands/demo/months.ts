// The demo's two months: generated as CSV files, then imported like any others.
import { importFolder } from '../../../store/import/import-files.ts';
import { type Scene } from './story.ts';
import { generateMonth } from './streamflow/generate-month.ts';
import { type Month } from './streamflow/month.ts';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TidegateError } from '../../../domain/errors.ts';
import { eraseData } from '../../local/erase-data.ts';

/** The same seed gives the same subscribers, scores and decisions. */
const SEED = 7;

/** The end of each month, which is the as-of instant of its rows. */
export const monthEnds: Readonly<Record<Month, Date>> = {
  0: new Date('2026-08-31T00:00:00Z'),
  1: new Date('2026-09-30T00:00:00Z'),
};

/** Writes the CSV files of a month. */
export const writeMonth = (folder: string, month: Month): Promise<void> =>
  generateMonth({ seed: SEED, month, folder: monthFolder(folder, month) });

/** Imports a month and prints how many rows were loaded. */
export async function importMonth({ services, folder, note }: Scene, month: Month): Promise<void> {
  const asOf = monthEnds[month];
  const now = new Date();
  const { tables } = await importFolder(services.database.pool, {
    folder: monthFolder(folder, month),
    asOf,
    // If this machine's clock is behind the month, rows that become known at its end would not be visible yet.
    ...(asOf > now && { knownAt: now }),
  });
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  note(`${rows} rows in ${tables.length} tables: ${tables.map(({ table }) => table).join(', ')}`);
}

/** The demo's default data folder, inside the data folder of `tidegate start`. */
export const demoFolder = (dataDir: string): string => join(dataDir, 'demo');

/** The folder of the CSV files of one month. */
const monthFolder = (folder: string, month: number): string => join(folder, 'months', `month_00${month}`);

/** Name of a file that the demo puts into its folder. Its presence shows a later demo that the folder may be erased. */
const MARK = 'made-by-the-demo';

/**
 * Empties the demo's folder, because each demo starts over.
 *
 * @param folder the folder that `--data` names, or the default that `demoFolder` returns
 * @param isNamed whether `--data` names it
 * @throws TidegateError BAD_CONFIG if a named folder has content that no demo made; and what `eraseData` throws
 */
export async function takeDemoFolder(folder: string, isNamed: boolean): Promise<void> {
  const names = await readdir(folder).catch((): string[] => []);
  if (isNamed && names.length > 0 && !names.includes(MARK)) {
    throw new TidegateError(
      'BAD_CONFIG',
      `${folder} has content that was not made by a demo, and the demo would erase it`,
      { remedy: 'Name an empty or new folder, or leave out --data.' },
    );
  }
  await rm(join(folder, MARK), { force: true });
  await eraseData(folder, () => undefined);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, MARK), '');
}
