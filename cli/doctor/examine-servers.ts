// Whether the servers answer, and are as this process needs them.
import { type NativeConnection } from '@temporalio/worker';
import { tidegateMigrations } from '../../migrations/tidegate/index.ts';
import { checkReachable, type Database } from '../../store/postgres/database.ts';
import { checkSchema } from '../../store/postgres/migrate.ts';
import { checkSearchAttributes, temporalUnreachable } from '../../worker/search-attributes.ts';
import { type TemporalSettings } from '../config.ts';
import { explainError } from '../explain-error.ts';
import { type Finding, judge } from './finding.ts';

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
