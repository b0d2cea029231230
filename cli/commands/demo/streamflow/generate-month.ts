// Generates the demo's data: one month of an invented streaming service, as six CSV files.
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { csvTables, TableFile } from './csv-tables.ts';
import { type Month, snapshotOf } from './month.ts';
import { subscriberOf } from './subscriber.ts';

/** Which month to generate, and where to write it. */
export interface MonthRequest {
  /** A whole number; the same seed gives the same bytes. */
  readonly seed: number;
  readonly month: Month;
  /** Created if it is missing; files of the same names are replaced. */
  readonly folder: string;
  /** Number of subscribers; a larger number adds subscribers and keeps the first ones as they are. @default 7000 */
  readonly users?: number;
}

const USERS_A_WRITE = 2_000;

/**
 * Writes the six tables of the churn example. Month 1 has the subscribers of month 0, one month later. Of the example's
 * 14 features only `rebuffer_events_7d` has drifted, but people now leave for other reasons, so a model trained on month 0
 * is hardly better than chance on month 1. Memory use does not grow with the number of users.
 *
 * @example await generateMonth({ seed: 2026, month: 0, folder: '.tidegate/demo/month_0' });
 */
export async function generateMonth({ seed, month, folder, users = 7_000 }: MonthRequest): Promise<void> {
  await mkdir(folder, { recursive: true });
  const files: TableFile[] = [];
  try {
    for (const [table, columns] of Object.entries(csvTables)) {
      files.push(await TableFile.create(path.join(folder, `${table}.csv`), columns));
    }
    for (let index = 0; index < users; index += 1) {
      const snapshot = snapshotOf(seed, index, subscriberOf(seed, index), month);
      for (const file of files) file.add(snapshot);
      if (index % USERS_A_WRITE === 0) await flush(files);
    }
    await flush(files);
  } finally {
    await Promise.all(files.map((file) => file.close()));
  }
}

async function flush(files: readonly TableFile[]): Promise<void> {
  await Promise.all(files.map((file) => file.flush()));
}
