// Stops and starts of serving: a person may stop the predictions of a model, whatever version is in Production.
import { TidegateError } from '../../domain/errors.ts';
import { excerpt } from '../../domain/excerpt.ts';
import { type Database, inTransaction } from '../postgres/database.ts';

/** Who stops or starts the serving of a model, and why. */
export interface NewServingChange {
  readonly model: string;
  /** Whether predictions are refused from now on. */
  readonly stopped: boolean;
  readonly reason: string;
  readonly actor: string;
  /** How the actor was established, such as `key`; `unverified` if the name is only claimed. */
  readonly authority: string;
  /** The grant that allowed the change; null if nobody was authenticated. */
  readonly grantId: string | null;
}

/** A stop or start that was recorded. */
export interface ServingChange extends NewServingChange {
  readonly at: Date;
}

const COLUMNS = 'model, stopped, reason, actor, authority, grant_id as "grantId", at';

/**
 * Stops or starts the serving of a model; API processes follow within a second. Changes nothing if the model is in that
 * state already.
 *
 * @returns the change that made the state what it is now, null if serving was never stopped; and whether it is this one
 * @throws TidegateError UNKNOWN_MODEL
 */
export const changeServing = (
  database: Database,
  input: NewServingChange,
): Promise<{ changed: boolean; change: ServingChange | null }> =>
  inTransaction(database, async (client) => {
    const { model, stopped, reason, actor, authority, grantId } = input;
    const known = await client.query('select from tidegate.model where name = $1', [model]);
    if (known.rowCount === 0) {
      throw new TidegateError('UNKNOWN_MODEL', `there is no model "${excerpt(model)}"`);
    }
    // The same lock as the table's trigger, so that the state cannot change between the look and the insert.
    await client.query(`select pg_advisory_xact_lock(hashtextextended('tidegate serving ' || $1, 0))`, [
      model,
    ]);
    const { rows: newest } = await client.query<ServingChange>(
      `select ${COLUMNS} from tidegate.serving_change where model = $1 order by id desc limit 1`,
      [model],
    );
    if ((newest[0]?.stopped ?? false) === stopped) return { changed: false, change: newest[0] ?? null };
    const { rows } = await client.query<ServingChange>(
      `insert into tidegate.serving_change (model, stopped, reason, actor, authority, grant_id)
       values ($1, $2, $3, $4, $5, $6) returning ${COLUMNS}`,
      [model, stopped, reason, actor, authority, grantId],
    );
    return { changed: true, change: rows[0]! };
  });

/** Returns, for each model that is stopped now, the change that stopped it. */
export async function listStopped({ pool }: Database): Promise<ServingChange[]> {
  const { rows } = await pool.query<ServingChange>(
    `select * from (
       select distinct on (model) ${COLUMNS} from tidegate.serving_change order by model, id desc
     ) as newest where stopped`,
  );
  return rows;
}

/** Returns every stop and start of a model, oldest first. */
export async function listServingChanges({ pool }: Database, model: string): Promise<ServingChange[]> {
  const { rows } = await pool.query<ServingChange>(
    `select ${COLUMNS} from tidegate.serving_change where model = $1 order by id`,
    [model],
  );
  return rows;
}
