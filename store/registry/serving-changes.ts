// Stops and starts of serving: a person may stop the predictions of a model, whatever version is in Production.
import { sql, type Transaction } from 'kysely';
import { TidegateError } from '../../domain/errors.ts';
import { excerpt } from '../../domain/excerpt.ts';
import { inKyselyTransaction } from '../postgres/connections.ts';
import { type Database } from '../postgres/database.ts';
import { picked, type Row, type Tables } from '../postgres/tables.ts';
import { requestNotice } from './notice-requests.ts';

const COLUMNS = ['model', 'stopped', 'reason', 'actor', 'authority', 'grantId', 'at'] as const;

/** A stop or start that was recorded. */
export type ServingChange = Pick<Row<'tidegate.serving_change'>, (typeof COLUMNS)[number]>;

/** Who stops or starts the serving of a model, and why. */
export type NewServingChange = Omit<ServingChange, 'at'>;

/** The code with which the database refuses a change without the grant that it needs. */
const GRANT_REQUIRED = 'TG006';

/**
 * Runs `work`, which calls {@link changeServing}, in a transaction.
 *
 * @throws TidegateError GRANT_REQUIRED if the database refuses the change, because a start takes the grant of an operator
 */
export async function changingServing<T>(
  database: Database,
  work: (transaction: Transaction<Tables>) => Promise<T>,
): Promise<T> {
  try {
    return await inKyselyTransaction(database, work);
  } catch (error) {
    const { code, message } = error as Error & { code?: string };
    if (code !== GRANT_REQUIRED) throw error;
    throw new TidegateError('GRANT_REQUIRED', message, { cause: error });
  }
}

/**
 * Stops or starts the serving of a model, in the transaction of the caller; API processes follow within a second. Changes
 * nothing if the model is in that state already.
 *
 * @returns the change that made the state what it is now, null if serving was never stopped; and whether it is this one
 * @throws TidegateError UNKNOWN_MODEL
 */
export async function changeServing(
  transaction: Transaction<Tables>,
  input: NewServingChange,
): Promise<{ changed: boolean; change: ServingChange | null }> {
  const { model, stopped } = input;
  const known = await transaction
    .selectFrom('tidegate.model')
    .select('name')
    .where('name', '=', model)
    .executeTakeFirst();
  if (!known) throw new TidegateError('UNKNOWN_MODEL', `there is no model "${excerpt(model)}"`);
  // The same lock as the table's trigger, so that the state cannot change between the look and the insert.
  await sql`select pg_advisory_xact_lock(hashtextextended('tidegate serving ' || ${model}, 0))`.execute(
    transaction,
  );
  const newest = await transaction
    .selectFrom('tidegate.serving_change')
    .select(COLUMNS)
    .where('model', '=', model)
    .orderBy('id', 'desc')
    .executeTakeFirst();
  if ((newest?.stopped ?? false) === stopped) return { changed: false, change: newest ?? null };
  const change = await transaction
    .insertInto('tidegate.serving_change')
    .values(picked(input, ['model', 'stopped', 'reason', 'actor', 'authority', 'grantId']))
    .returning(COLUMNS)
    .executeTakeFirstOrThrow();
  if (stopped) {
    await requestNotice(transaction, {
      event: 'serving stopped',
      model,
      message: `${input.actor} stopped the predictions: ${input.reason}`,
    });
  }
  return { changed: true, change };
}

/** Returns, for each model that is stopped now, the change that stopped it. */
export async function listStopped({ kysely }: Pick<Database, 'kysely'>): Promise<ServingChange[]> {
  const newest = await kysely
    .selectFrom('tidegate.serving_change')
    .distinctOn('model')
    .select(COLUMNS)
    .orderBy('model')
    .orderBy('id', 'desc')
    .execute();
  return newest.filter(({ stopped }) => stopped);
}

/** Returns the change that stopped a model; undefined if it is not stopped. */
export async function findStop(
  { kysely }: Pick<Database, 'kysely'>,
  model: string,
): Promise<ServingChange | undefined> {
  const newest = await kysely
    .selectFrom('tidegate.serving_change')
    .select(COLUMNS)
    .where('model', '=', model)
    .orderBy('id', 'desc')
    .executeTakeFirst();
  return newest?.stopped ? newest : undefined;
}

/** Returns every stop and start of a model, oldest first. */
export const listServingChanges = (
  { kysely }: Pick<Database, 'kysely'>,
  model: string,
): Promise<ServingChange[]> =>
  kysely
    .selectFrom('tidegate.serving_change')
    .select(COLUMNS)
    .where('model', '=', model)
    .orderBy('id')
    .execute();
