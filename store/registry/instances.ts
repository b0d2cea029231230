// API instances: one row for each running instance, and one for each version that it has loaded or could not load.
import { sql } from 'kysely';
import { inKyselyTransaction } from '../postgres/connections.ts';
import { type Database } from '../postgres/database.ts';
import { type Row } from '../postgres/tables.ts';
import { type VersionRef } from './wanted-versions.ts';

type StateRow = Row<'tidegate.instance_version'>;

/** The state of one version in one instance. */
export type InstanceState = Pick<StateRow, 'model' | 'version' | 'state' | 'problem'>;

/**
 * Records a heartbeat of an API instance, and deletes the rows of instances whose last heartbeat is over an hour old.
 *
 * @returns whether the row is new, which means that no states of the instance are stored
 */
export async function recordHeartbeat(database: Database, instance: string): Promise<{ created: boolean }> {
  const { rows } = await sql<{ created: boolean }>`
    with silent as (
      delete from tidegate.instance where heartbeat_at < now() - interval '1 hour' and id <> ${instance}
    )
    insert into tidegate.instance (id) values (${instance})
    on conflict (id) do update set heartbeat_at = clock_timestamp()
    returning xmax = 0 as created`.execute(database.kysely);
  return rows[0] ?? { created: true };
}

/** Stores the states of an instance: writes those in `changed` and deletes those of versions that are not in `held`. */
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

/** Deletes the rows of an instance that stopped. */
export async function removeInstance(database: Database, instance: string): Promise<void> {
  await database.kysely.deleteFrom('tidegate.instance').where('id', '=', instance).execute();
}

/** An instance counts as alive while its last heartbeat is younger than this, in seconds. */
const ALIVE_SECONDS = 5;

const isAlive = sql<boolean>`heartbeat_at > clock_timestamp() - make_interval(secs => ${sql.lit(ALIVE_SECONDS)})`;

/** The answer of one live instance to the request to load and check a version. */
export interface InstanceAnswer {
  readonly instance: string;
  /** Null if the instance does not serve the version and has not answered the newest request yet. */
  readonly state: InstanceState['state'] | null;
  readonly problem: string | null;
}

/** Returns the answer of each live instance about a version, ordered by instance. */
export async function listAnswers(
  database: Database,
  { model, version }: VersionRef,
): Promise<InstanceAnswer[]> {
  const { rows } = await sql<InstanceAnswer>`
    select instance.id as instance,
           case when held.state = 'serving' or held.since >= preparation.requested_at then held.state end as state,
           held.problem
    from tidegate.instance
    left join tidegate.instance_version held
      on held.instance = instance.id and held.model = ${model} and held.version = ${version}
    left join tidegate.preparation
      on preparation.model = ${model} and preparation.version = ${version}
    where ${isAlive}
    order by instance.id`.execute(database.kysely);
  return rows;
}

/** Returns every version of a model that a live instance has loaded or could not load. */
export const listHeldVersions = (database: Database, model: string): Promise<Omit<StateRow, 'model'>[]> =>
  database.kysely
    .selectFrom('tidegate.instance_version as held')
    .innerJoin('tidegate.instance as instance', 'instance.id', 'held.instance')
    .select(['held.instance', 'held.version', 'held.state', 'held.problem', 'held.since'])
    .where('held.model', '=', model)
    .where(isAlive)
    .orderBy('held.instance')
    .orderBy('held.version')
    .execute();
