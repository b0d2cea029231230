// What every API instance should hold: the versions in Production, and those that a release asks it to load.
import { sql } from 'kysely';
import { inKyselyTransaction } from '../postgres/connections.ts';
import { type Database } from '../postgres/database.ts';

/** Channel on which the database names a model whose version in Production changed. */
export const STAGE_CHANNEL = 'tidegate_stage';

/** Channel that names a model of which a version is to be loaded before its promotion. */
export const PREPARE_CHANNEL = 'tidegate_prepare';

/** A version by its number. */
export interface VersionRef {
  readonly model: string;
  readonly version: number;
}

/** A version to load before it is promoted. */
export interface Preparation extends VersionRef {
  /** Changes with each request, so that a repeated one is answered anew. */
  readonly requestedAt: Date;
}

/** The version in Production of every model that has one. */
export const listProduction = (database: Database): Promise<VersionRef[]> =>
  database.kysely
    .selectFrom('tidegate.version')
    .select(['model', 'version'])
    .where('stage', '=', 'Production')
    .orderBy('model')
    .execute();

/** Requests of the last hour: a release that was given up leaves none behind for longer. */
export const listPreparations = (database: Database): Promise<Preparation[]> =>
  database.kysely
    .selectFrom('tidegate.preparation')
    .select(['model', 'version', 'requested_at as requestedAt'])
    .where('requested_at', '>', sql<Date>`now() - interval '1 hour'`)
    .execute();

/** Asks every API instance to load a version and check that it answers; a repeated request is answered anew. */
export async function requestPreparation(database: Database, { model, version }: VersionRef): Promise<void> {
  await inKyselyTransaction(database, async (transaction) => {
    await transaction
      .insertInto('tidegate.preparation')
      .values({ model, version })
      .onConflict((conflict) =>
        conflict.columns(['model', 'version']).doUpdateSet({ requested_at: sql<Date>`clock_timestamp()` }),
      )
      .execute();
    await sql`select pg_notify(${PREPARE_CHANNEL}, ${model})`.execute(transaction);
  });
}
