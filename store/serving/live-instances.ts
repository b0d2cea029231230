// What the API instances that live say of the versions they hold.
import { sql } from 'kysely';
import { type Database } from '../database.ts';
import { type InstanceState } from './instances.ts';
import { type VersionRef } from './wanted-versions.ts';

/** An instance is alive while its heartbeat is younger than this, in seconds. */
const ALIVE_SECONDS = 5;

const isAlive = sql<boolean>`heartbeat_at > clock_timestamp() - make_interval(secs => ${sql.lit(ALIVE_SECONDS)})`;

/** What one live instance answers about one version. */
export interface InstanceAnswer {
  readonly instance: string;
  /** Null where it has not answered the newest request, nor serves the version. */
  readonly state: InstanceState['state'] | null;
  readonly problem: string | null;
}

/** What each live instance says of a version, by instance. */
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

/** What a live instance holds of a model. */
export interface HeldVersion extends Omit<InstanceState, 'model'> {
  readonly instance: string;
  readonly since: Date;
}

/** Every version of a model that a live instance holds or could not load. */
export const listHeldVersions = (database: Database, model: string): Promise<HeldVersion[]> =>
  database.kysely
    .selectFrom('tidegate.instance_version as held')
    .innerJoin('tidegate.instance as instance', 'instance.id', 'held.instance')
    .select(['held.instance', 'held.version', 'held.state', 'held.problem', 'held.since'])
    .where('held.model', '=', model)
    .where(isAlive)
    .orderBy('held.instance')
    .orderBy('held.version')
    .execute();
