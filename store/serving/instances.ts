// API instances: each keeps a row while it lives, and one for every version it holds or could not load.
import { sql } from 'kysely';
import { inKyselyTransaction } from '../connections.ts';
import { type Database } from '../database.ts';
import { type VersionRef } from './wanted-versions.ts';

/** What an instance says of one version. */
export interface InstanceState extends VersionRef {
  /** `serving`: answers with it; `prepared`: loaded and checked; `failed`: could not be loaded. */
  readonly state: 'prepared' | 'serving' | 'failed';
  /** Why it failed; null otherwise. */
  readonly problem: string | null;
}

/**
 * Says that an instance lives. Rows of instances that have been silent for an hour are removed.
 *
 * @returns whether the row is new, and so nothing is stored of what the instance holds
 */
export async function beat(database: Database, instance: string): Promise<{ created: boolean }> {
  const { rows } = await sql<{ created: boolean }>`
    with silent as (
      delete from tidegate.instance where heartbeat_at < now() - interval '1 hour' and id <> ${instance}
    )
    insert into tidegate.instance (id) values (${instance})
    on conflict (id) do update set heartbeat_at = clock_timestamp()
    returning xmax = 0 as created`.execute(database.kysely);
  return rows[0] ?? { created: true };
}

/** Stores what an instance holds now: `changed` states are written, those of other versions than `held` removed. */
export async function writeStates(
  database: Database,
  instance: string,
  held: readonly InstanceState[],
  changed: readonly InstanceState[],
): Promise<void> {
  await inKyselyTransaction(database, async (transaction) => {
    await sql`
      delete from tidegate.instance_version
      where instance = ${instance} and (model, version) not in (
        select * from unnest(${held.map(({ model }) => model)}::text[], ${held.map(({ version }) => version)}::int[]))`.execute(
      transaction,
    );
    for (const { model, version, state, problem } of changed) {
      await transaction
        .insertInto('tidegate.instance_version')
        .values({ instance, model, version, state, problem, since: sql<Date>`clock_timestamp()` })
        .onConflict((conflict) =>
          conflict
            .columns(['instance', 'model', 'version'])
            .doUpdateSet({ state, problem, since: sql<Date>`clock_timestamp()` }),
        )
        .execute();
    }
  });
}

/** Removes an instance that stopped. */
export async function removeInstance(database: Database, instance: string): Promise<void> {
  await database.kysely.deleteFrom('tidegate.instance').where('id', '=', instance).execute();
}
