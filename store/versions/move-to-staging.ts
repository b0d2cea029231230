// None → Staging: a candidate that passed its rules takes the one waiting place.
import { type Transaction } from 'kysely';
import { type Database } from '../database.ts';
import { type Tables } from '../tables.ts';
import { type Authority, move, movingModel, stageHolder, stageOf } from './move.ts';

/**
 * Moves a candidate to Staging. One that waits there is superseded in the same transaction, or, with
 * `whilePending: 'skip'`, keeps its place and nothing moves.
 *
 * @returns whether the candidate is in Staging, and which version it superseded
 */
export const moveToStaging = (
  database: Database,
  model: string,
  version: number,
  by: Authority,
  options: { whilePending: 'supersede' | 'skip'; detail: string },
): Promise<{ staged: boolean; superseded: number | null }> =>
  movingModel(database, model, async (transaction) => {
    const stage = await stageOf(transaction, model, version);
    if (stage === 'Staging')
      return { staged: true, superseded: await supersededBy(transaction, model, version) };
    const waiting = await stageHolder(transaction, model, 'Staging');
    if (waiting !== null && options.whilePending === 'skip') return { staged: false, superseded: null };
    if (waiting !== null) {
      const detail = `superseded by v${version}`;
      await move(transaction, model, by, {
        version: waiting,
        from: 'Staging',
        to: 'Archived',
        reason: 'superseded',
        detail,
      });
    }
    const { detail } = options;
    await move(transaction, model, by, {
      version,
      from: stage,
      to: 'Staging',
      reason: 'rules_passed',
      detail,
    });
    return { staged: true, superseded: waiting };
  });

/** Whom a version that is already in Staging superseded, for a repeated call. */
async function supersededBy(
  transaction: Transaction<Tables>,
  model: string,
  version: number,
): Promise<number | null> {
  const row = await transaction
    .selectFrom('tidegate.transition')
    .select('version')
    .where('model', '=', model)
    .where('reason', '=', 'superseded')
    .where('detail', '=', `superseded by v${version}`)
    .executeTakeFirst();
  return row?.version ?? null;
}
