// The two months of the story: generated, then imported as any CSV files are.
import { importFolder } from '../../store/import/import-files.ts';
import { monthFolder } from './demo-folder.ts';
import { type Scene } from './scene.ts';
import { generateMonth } from './streamflow/generate-month.ts';
import { type Month } from './streamflow/month.ts';

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
