// Where the demo keeps its servers and its data.
import { join } from 'node:path';

/** The demo's own data folder, inside that of `tidegate start`. */
export const demoFolder = (dataDir: string): string => join(dataDir, 'demo');

/** The folder of the CSV files of one month. */
export const monthFolder = (folder: string, month: number): string =>
  join(folder, 'months', `month_00${month}`);
