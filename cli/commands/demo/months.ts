// The two months of the story: generated, then imported as any CSV files are.
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

/** The instants that the months speak about. */
export const monthEnds: Readonly<Record<Month, Date>> = {
  0: new Date('2026-08-31T00:00:00Z'),
  1: new Date('2026-09-30T00:00:00Z'),
};

/** Writes the CSV files of a month. */
export const writeMonth = (folder: string, month: Month): Promise<void> =>
  generateMonth({ seed: SEED, month, folder: monthFolder(folder, month) });

/** Imports a month, and tells what it brought. */
export async function importMonth({ services, folder, note }: Scene, month: Month): Promise<void> {
  const asOf = monthEnds[month];
  const now = new Date();
  const { tables } = await importFolder(services.database.pool, {
    folder: monthFolder(folder, month),
    asOf,
    // On a machine whose clock is behind the story, rows known in its future would not be known yet.
    ...(asOf > now && { knownAt: now }),
  });
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  note(`${rows} rows in ${tables.length} tables: ${tables.map(({ table }) => table).join(', ')}`);
}

/** The demo's own data folder, inside that of `tidegate start`, unless `--data` names another. */
export const demoFolder = (dataDir: string): string => join(dataDir, 'demo');

/** The folder of the CSV files of one month. */
const monthFolder = (folder: string, month: number): string => join(folder, 'months', `month_00${month}`);

/** A file that says that the demo made the folder, and may erase it. */
const MARK = 'made-by-the-demo';

/**
 * Empties the folder of the demo, which begins anew each time.
 *
 * @param folder that `--data` names, or that of `demoFolder`
 * @throws TidegateError BAD_CONFIG if a named folder holds anything that no demo made; as `eraseData`
 */
export async function takeDemoFolder(folder: string, isNamed: boolean): Promise<void> {
  const names = await readdir(folder).catch((): string[] => []);
  if (isNamed && names.length > 0 && !names.includes(MARK)) {
    throw new TidegateError(
      'BAD_CONFIG',
      `${folder} holds data that no demo made, and the demo erases its folder when it begins`,
      { remedy: 'Name a folder that is empty or not there, or leave --data out.' },
    );
  }
  await rm(join(folder, MARK), { force: true });
  await eraseData(folder, () => undefined);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, MARK), '');
}
