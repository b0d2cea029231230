// Checks that Postgres and Temporal answer and have what this process needs.
import { type NativeConnection } from '@temporalio/worker';
import { tidegateMigrations } from '../../../migrations/tidegate/index.ts';
import { checkReachable, type Database } from '../../../store/postgres/database.ts';
import { checkSchema } from '../../../store/postgres/migrate.ts';
import { checkSearchAttributes, temporalUnreachable } from '../../../worker/search-attributes.ts';
import { type TemporalSettings } from '../../shared/config.ts';
import { type Finding, runCheck } from './examine-model.ts';
import { type Client } from '@temporalio/client';
import { listModels } from '../../../store/definitions/definitions.ts';
import { readInstallation, requireInstallation } from '../../../store/registry/installation.ts';
import { refuseForeignRuns } from '../../../worker/installation-memo.ts';
import { refuseForeignSchedules } from '../../../worker/schedule-owners.ts';

const CONNECT_TIMEOUT_MS = 5_000;

/** Checks Postgres, and Tidegate's schema if Postgres answers. */
export async function examineDatabase(database: Database): Promise<Finding[]> {
  const reachable = await runCheck('Postgres', () => checkReachable(database), 'answers');
  if (reachable.kind !== 'ok') return [reachable];
  return [
    reachable,
    await runCheck('schema', () => checkSchema(database, tidegateMigrations), 'is up to date'),
  ];
}

/** Checks Temporal, and the search attributes of its namespace if Temporal answers. */
export async function examineTemporal({
  connectionOptions,
  namespace,
}: TemporalSettings): Promise<Finding[]> {
  // Imported only here: loading this native module takes longer than most commands run.
  const { NativeConnection: Connection } = await import('@temporalio/worker');
  let connection: NativeConnection | undefined;
  const reachable = await runCheck(
    'Temporal',
    async () => {
      try {
        connection = await within(CONNECT_TIMEOUT_MS, Connection.connect(connectionOptions));
      } catch (cause) {
        throw temporalUnreachable(connectionOptions.address, cause);
      }
    },
    'answers',
  );
  if (!connection) return [reachable];
  const connected = connection;
  try {
    const look = (): Promise<void> => checkSearchAttributes(connected, namespace);
    return [reachable, await runCheck('search attributes', look, `are registered in ${namespace}`)];
  } finally {
    await connected.close();
  }
}

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${milliseconds} ms`)), milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Checks that the database, the open runs of the task queue and the schedules of all models belong together. */
export async function examineInstallation(
  client: Client,
  database: Database,
  taskQueue: string,
): Promise<Finding[]> {
  const installation = await readInstallation(database);
  const copy = await runCheck(
    'installation',
    () => requireInstallation(database),
    `this database belongs to the installation ${installation.id}`,
  );
  const runs = await runCheck(
    'installation',
    () => refuseForeignRuns(client, taskQueue, installation),
    `${installation.id} owns the runs on the task queue ${taskQueue}`,
  );
  const schedules: Finding[] = [];
  for (const model of await listModels(database)) {
    const look = () => refuseForeignSchedules(client, model, installation);
    schedules.push(await runCheck(model, look, 'its schedules belong to this installation'));
  }
  return [copy, runs, ...schedules];
}

/** A pool closes connections after ten idle seconds, so one that is idle for longer is held by a step. */
const MAX_IDLE_SECONDS = 60;

interface HeldConnection {
  readonly pid: number;
  readonly seconds: number;
  /** Pids of the processes that hold the lock that this connection waits for; empty if the connection is idle. */
  readonly blockers: readonly number[];
}

/**
 * Finds connections of workers that a step holds while they are idle or wait for a lock.
 *
 * @param longerThan report only connections that have been idle or waiting for more than this many seconds. @default 60
 */
export async function examineWorkers(
  database: Database,
  longerThan: number = MAX_IDLE_SECONDS,
): Promise<Finding[]> {
  const { rows } = await database.pool.query<HeldConnection>(
    `select pid, extract(epoch from clock_timestamp() - state_change)::int as seconds, pg_blocking_pids(pid) as blockers
     from pg_stat_activity
     where application_name = 'tidegate-worker' and datname = current_database()
       and state_change < clock_timestamp() - make_interval(secs => $1)
       and (state <> 'active' or wait_event_type = 'Lock')
     order by state_change`,
    [longerThan],
  );
  const idle = rows.filter(({ blockers }) => blockers.length === 0);
  const about = 'workers';
  const findings = rows
    .filter(({ blockers }) => blockers.length > 0)
    .map(({ pid, seconds, blockers }): Finding => ({
      about,
      kind: 'warning',
      words: `a step (pid ${pid}) has been waiting ${seconds} s for a lock that pid ${blockers.join(', ')} holds`,
      remedy: `select * from pg_stat_activity where pid in (${blockers.join(', ')});`,
    }));
  if (idle.length === 0) return findings;
  const pids = idle.map(({ pid }) => pid).join(', ');
  return [
    ...findings,
    {
      about,
      kind: 'problem',
      words: `${idle.length} connections are held by steps but idle, for up to ${idle[0]!.seconds} s (pid ${pids})`,
      remedy: 'Restart the worker that holds them; its steps are retried and nothing is lost.',
    },
  ];
}
