// Rolls Production back to an earlier version.
import { type Kysely, type Transaction } from 'kysely';
import { TidegateError } from '../../domain/errors.ts';
import { type Database } from '../postgres/database.ts';
import { type Tables } from '../postgres/tables.ts';
import { consumeGrant, getGrant } from './grants.ts';
import { type Authority, championBefore, move, movingModel, stageHolder } from './stage-moves.ts';

/**
 * Moves a version that was in Production before back to Production: the given version or, by default, the one that
 * the champion replaced.
 *
 * @param onlyFrom the version that must be the champion. @default any
 * @param grantIds grants of the people whose word the rollback has; the first is that of the actor. Each is used. If they
 *   were used for this rollback before, its answer is returned and nothing moves
 * @throws TidegateError NO_PRODUCTION_VERSION, NO_ROLLBACK_TARGET; STALE_CHAMPION if another version than `onlyFrom` is
 *   in Production; GRANT_REQUIRED if the policy asks for the word of more people; UNKNOWN_GRANT, GRANT_MISMATCH, GRANT_USED,
 *   GRANT_EXPIRED
 */
export const rollBack = (
  database: Database,
  model: string,
  toVersion: number | undefined,
  by: Authority,
  detail: string,
  onlyFrom?: number,
  grantIds: readonly string[] = [],
): Promise<{ from: number; to: number }> =>
  movingModel(database, model, async (transaction) => {
    const swapOnce = [...new Set(grantIds)].reduceRight<() => Promise<{ from: number; to: number }>>(
      (work, id) => async () => {
        const { action } = await getGrant(transaction, id);
        const wanted = {
          model,
          action: action === 'break-glass' ? action : 'rollback',
          by: `rollback ${grantIds[0]}`,
        } as const;
        return (await consumeGrant(transaction, id, wanted, work)).result;
      },
      () => swap(transaction, model, toVersion, by, detail, onlyFrom),
    );
    return swapOnce();
  });

async function swap(
  transaction: Transaction<Tables>,
  model: string,
  toVersion: number | undefined,
  by: Authority,
  detail: string,
  onlyFrom: number | undefined,
): Promise<{ from: number; to: number }> {
  const done = await rollbackOfRun(transaction, model, by);
  if (done) return done;
  const from = await stageHolder(transaction, model, 'Production');
  if (from === null)
    throw new TidegateError('NO_PRODUCTION_VERSION', `no version of ${model} is in Production`);
  if (onlyFrom !== undefined && from !== onlyFrom) {
    throw new TidegateError(
      'STALE_CHAMPION',
      `version ${from} of ${model} is in Production, and not version ${onlyFrom}`,
    );
  }
  const to = toVersion ?? (await championBefore(transaction, model, from));
  const wasThere = to !== undefined && (await everInProduction(transaction, model, to));
  if (to === undefined || to === from || !wasThere) {
    const why =
      to === undefined
        ? `version ${from} of ${model} is the first that was in Production`
        : to === from
          ? `version ${to} of ${model} is in Production`
          : `version ${to} of ${model} was never in Production`;
    throw new TidegateError('NO_ROLLBACK_TARGET', why);
  }
  await move(transaction, model, by, {
    version: from,
    from: 'Production',
    to: 'Archived',
    reason: 'rolled_back',
    detail: detail === '' ? `rolled back to v${to}` : detail,
  });
  await move(transaction, model, by, {
    version: to,
    from: 'Archived',
    to: 'Production',
    reason: 'rollback',
    detail,
  });
  return { from, to };
}

/** Returns the rollback that this workflow run has already done, so that a repeated call does nothing more. */
async function rollbackOfRun(
  transaction: Transaction<Tables>,
  model: string,
  { runId }: Authority,
): Promise<{ from: number; to: number } | undefined> {
  const rows = await transaction
    .selectFrom('tidegate.transition')
    .select(['version', 'reason'])
    .where('model', '=', model)
    .where('runId', '=', runId)
    .where('reason', 'in', ['rolled_back', 'rollback'])
    .execute();
  const from = rows.find(({ reason }) => reason === 'rolled_back')?.version;
  const to = rows.find(({ reason }) => reason === 'rollback')?.version;
  return from !== undefined && to !== undefined ? { from, to } : undefined;
}

/** Whether a version is or was in Production. */
export async function everInProduction(
  kysely: Kysely<Tables>,
  model: string,
  version: number,
): Promise<boolean> {
  const row = await kysely
    .selectFrom('tidegate.transition')
    .select('id')
    .where('model', '=', model)
    .where('version', '=', version)
    .where('toStage', '=', 'Production')
    .executeTakeFirst();
  return row !== undefined;
}
