// Withdraws a version that waits for a decision.
import { type Transaction } from 'kysely';
import { TidegateError } from '../../domain/errors.ts';
import { type Tables } from '../postgres/tables.ts';
import { type Authority, move, stageOf } from './stage-moves.ts';
import { type VersionRef } from './wanted-versions.ts';

/**
 * Moves a version from Staging to Archived, in the transaction of the caller, which must hold the model's lock
 * (`movingModel`). Does nothing if it was withdrawn before.
 *
 * @throws TidegateError UNKNOWN_VERSION; NOTHING_PENDING if it is not in Staging; DECISION_REFUSED if it was decided on
 */
export async function withdrawVersion(
  transaction: Transaction<Tables>,
  { model, version }: VersionRef,
  by: Authority,
  reason: string,
): Promise<void> {
  const stage = await stageOf(transaction, model, version);
  if (stage === 'Archived' && (await wasWithdrawn(transaction, model, version))) return;
  if (stage !== 'Staging') {
    throw new TidegateError(
      'NOTHING_PENDING',
      `version ${version} of ${model} is in ${stage} and does not wait for a decision`,
    );
  }
  const decided = await transaction
    .selectFrom('tidegate.decision')
    .select(['actor', 'decision'])
    .where('model', '=', model)
    .where('version', '=', version)
    .where('settles', '=', true)
    .executeTakeFirst();
  if (decided) {
    throw new TidegateError(
      'DECISION_REFUSED',
      `${decided.actor} has decided to ${decided.decision} version ${version}, and that is being carried out`,
    );
  }
  await move(transaction, model, by, {
    version,
    from: 'Staging',
    to: 'Archived',
    reason: 'withdrawn',
    detail: reason,
  });
}

async function wasWithdrawn(
  transaction: Transaction<Tables>,
  model: string,
  version: number,
): Promise<boolean> {
  const newest = await transaction
    .selectFrom('tidegate.transition')
    .select('reason')
    .where('model', '=', model)
    .where('version', '=', version)
    .orderBy('id', 'desc')
    .executeTakeFirst();
  return newest?.reason === 'withdrawn';
}
