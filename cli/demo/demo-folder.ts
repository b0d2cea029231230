// Where the demo keeps its servers and its data.
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TidegateError } from '../../domain/errors.ts';
import { eraseData } from '../embedded/erase-data.ts';

/** The demo's own data folder, inside that of `tidegate start`, unless `--data` names another. */
export const demoFolder = (dataDir: string): string => join(dataDir, 'demo');

/** The folder of the CSV files of one month. */
export const monthFolder = (folder: string, month: number): string =>
  join(folder, 'months', `month_00${month}`);

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
