// Whether the servers answer, and are as this process needs them.
import { type NativeConnection } from '@temporalio/worker';
import { tidegateMigrations } from '../../../migrations/tidegate/index.ts';
import { checkReachable, type Database } from '../../../store/postgres/database.ts';
import { checkSchema } from '../../../store/postgres/migrate.ts';
import { checkSearchAttributes, temporalUnreachable } from '../../../worker/search-attributes.ts';
import { type TemporalSettings } from '../../shared/config.ts';
import { explainError } from '../../output/explain-error.ts';
import { type Finding, judge } from './examine-model.ts';
import { type Client } from '@temporalio/client';
import { listModels } from '../../../store/definitions/definitions.ts';
import { readInstallation, requireInstallation } from '../../../store/registry/installation.ts';
import { refuseForeignRuns } from '../../../worker/installation-memo.ts';
import { refuseForeignSchedules } from '../../../worker/schedule-owners.ts';

const CONNECT_TIMEOUT_MS = 5_000;

const tell = (error: unknown): Pick<Finding, 'words' | 'remedy'> => {
  const { message, remedy } = explainError(error);
  return { words: message, remedy };
};

/** Postgres, and then Tidegate's schema in it. */
export async function examineDatabase(database: Database): Promise<Finding[]> {
  const reachable = await judge('Postgres', () => checkReachable(database), 'answers', tell);
  if (reachable.kind !== 'ok') return [reachable];
  return [
    reachable,
    await judge(
      'schema',
      () => checkSchema(database, tidegateMigrations),
      'is the one this Tidegate knows',
      tell,
    ),
  ];
}

/** Temporal, and then the search attributes of its namespace. */
export async function examineTemporal({
  connectionOptions,
  namespace,
}: TemporalSettings): Promise<Finding[]> {
  // Loaded late: this native part takes longer to load than most commands to run.
  const { NativeConnection: Connection } = await import('@temporalio/worker');
  let connection: NativeConnection | undefined;
  const reachable = await judge(
    'Temporal',
    async () => {
      try {
        connection = await within(CONNECT_TIMEOUT_MS, Connection.connect(connectionOptions));
      } catch (cause) {
        throw temporalUnreachable(connectionOptions.address, cause);
      }
    },
    'answers',
    tell,
  );
  if (!connection) return [reachable];
  const connected = connection;
  try {
    const look = (): Promise<void> => checkSearchAttributes(connected, namespace);
    return [reachable, await judge('search attributes', look, `are registered in ${namespace}`, tell)];
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

const describeInstallation = (error: unknown): Pick<Finding, 'words' | 'remedy'> => {
  const { message, remedy } = explainError(error);
  return { words: message, remedy };
};

/** Looks at the open runs of the task queue, and at the schedules of the database's models. */
export async function examineInstallation(
  client: Client,
  database: Database,
  taskQueue: string,
): Promise<Finding[]> {
  const installation = await readInstallation(database);
  const copy = await judge(
    'installation',
    () => requireInstallation(database),
    `this database is where the installation ${installation.id} is at home`,
    describeInstallation,
  );
  const runs = await judge(
    'installation',
    () => refuseForeignRuns(client, taskQueue, installation),
    `${installation.id} owns the runs on the task queue ${taskQueue}`,
    describeInstallation,
  );
  const schedules: Finding[] = [];
  for (const model of await listModels(database)) {
    const look = () => refuseForeignSchedules(client, model, installation);
    schedules.push(
      await judge(model, look, 'its schedules belong to this installation', describeInstallation),
    );
  }
  return [copy, runs, ...schedules];
}

/** A pool lets connections go that were not used for ten seconds; one that stays is held by a step. */
const MAX_STILL_SECONDS = 60;

interface Still {
  readonly pid: number;
  readonly seconds: number;
  /** Processes that hold the lock which it waits for; empty if it does nothing at all. */
  readonly blockers: readonly number[];
}

/**
 * Connections of workers that are held and do nothing, or wait for a lock.
 *
 * @param longerThan seconds for which they have. @default 60
 */
export async function examineWorkers(
  database: Database,
  longerThan: number = MAX_STILL_SECONDS,
): Promise<Finding[]> {
  const { rows } = await database.pool.query<Still>(
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
      words: `a step (pid ${pid}) has waited for ${seconds} s for a lock that pid ${blockers.join(', ')} holds`,
      remedy: `select * from pg_stat_activity where pid in (${blockers.join(', ')});`,
    }));
  if (idle.length === 0) return findings;
  const pids = idle.map(({ pid }) => pid).join(', ');
  return [
    ...findings,
    {
      about,
      kind: 'problem',
      words: `${idle.length} connections are held and do nothing, for up to ${idle[0]!.seconds} s (pid ${pids})`,
      remedy: 'Restart the worker that holds them: its steps are tried again, and nothing is lost.',
    },
  ];
}
