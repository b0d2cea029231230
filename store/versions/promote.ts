// Staging → Production, and the champion before → Archived: one transaction.
import { TidegateError } from '../../domain/errors.ts';
import { type Database } from '../database.ts';
import { type Authority, move, movingModel, stageHolder } from './move.ts';

/**
 * Promotes the version in Staging: a compare-and-swap on the champion that the evidence named.
 *
 * @throws TidegateError STALE_CHAMPION when another version is in Production now
 */
export const promote = (
  database: Database,
  model: string,
  version: number,
  expectedChampion: number | null,
  by: Authority,
  detail: string,
): Promise<void> =>
  movingModel(database, model, async (transaction) => {
    const champion = await stageHolder(transaction, model, 'Production');
    if (champion === version) return;
    if (champion !== expectedChampion) {
      const name = (holder: number | null): string => (holder === null ? 'no version' : `version ${holder}`);
      throw new TidegateError(
        'STALE_CHAMPION',
        `${name(champion)} of ${model} is in Production, but the evidence compares with ${name(expectedChampion)}`,
      );
    }
    if (champion !== null) {
      const replaced = { version: champion, from: 'Production', to: 'Archived', reason: 'replaced' } as const;
      await move(transaction, model, by, { ...replaced, detail: `replaced by v${version}` });
    }
    await move(transaction, model, by, {
      version,
      from: 'Staging',
      to: 'Production',
      reason: 'approved',
      detail,
    });
  });
