// The versions that every API instance should have in memory: those in Production, and those that a release prepares.
import { sql } from 'kysely';
import { inKyselyTransaction } from '../postgres/connections.ts';
import { type Database } from '../postgres/database.ts';

/** NOTIFY channel that carries the name of a model whose version in Production changed. */
export const STAGE_CHANNEL = 'tidegate_stage';

/** NOTIFY channel that carries the name of a model with a version to load before its promotion. */
export const PREPARE_CHANNEL = 'tidegate_prepare';

/** A version, named by its model and number. */
export interface VersionRef {
  readonly model: string;
  readonly version: number;
}

/** A version to load before it is promoted. */
export interface Preparation extends VersionRef {
  /** Changes with each request, so that instances answer a repeated request again. */
  readonly requestedAt: Date;
}

/** Returns the version in Production of every model that has one. */
export const listProduction = (database: Database): Promise<VersionRef[]> =>
  database.kysely
    .selectFrom('tidegate.version')
    .select(['model', 'version'])
    .where('stage', '=', 'Production')
    .orderBy('model')
    .execute();

/**
 * Returns the requests of the last hour. Older ones count as expired, because their release may have been abandoned.
 */
export const listPreparations = (database: Database): Promise<Preparation[]> =>
  database.kysely
    .selectFrom('tidegate.preparation')
    .select(['model', 'version', 'requestedAt'])
    .where('requestedAt', '>', sql<Date>`now() - interval '1 hour'`)
    .execute();

/** Asks every API instance to load a version and check that it can score; instances answer a repeated request again. */
export async function requestPreparation(database: Database, { model, version }: VersionRef): Promise<void> {
  await inKyselyTransaction(database, async (transaction) => {
    await transaction
      .insertInto('tidegate.preparation')
      .values({ model, version })
      .onConflict((conflict) =>
        conflict.columns(['model', 'version']).doUpdateSet({ requestedAt: sql<Date>`clock_timestamp()` }),
      )
      .execute();
    await sql`select pg_notify(${PREPARE_CHANNEL}, ${model})`.execute(transaction);
  });
}
