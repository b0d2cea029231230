// None or Staging → Archived.
import { type Database } from '../database.ts';
import { type Authority, move, movingModel, stageOf } from './move.ts';

/** Archives a version that is in None or Staging; one that has left both stays where it is. */
export const archive = (
  database: Database,
  model: string,
  version: number,
  by: Authority,
  reason: string,
  detail: string,
): Promise<void> =>
  movingModel(database, model, async (transaction) => {
    const from = await stageOf(transaction, model, version);
    if (from !== 'None' && from !== 'Staging') return;
    await move(transaction, model, by, { version, from, to: 'Archived', reason, detail });
  });
