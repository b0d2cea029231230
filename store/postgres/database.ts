// The connection to Postgres: one pool, and Kysely over it.
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { TidegateError } from '../../domain/errors.ts';
import { ConnectionPool, withConnections } from './connections.ts';
import { postgresFailure } from './postgres-failure.ts';
import { planSession, Sessions } from './session.ts';
import { type Tables } from './tables.ts';

/** Postgres as the rest of Tidegate sees it. */
export interface Database {
  readonly kysely: Kysely<Tables>;
  /** For cursors, LISTEN and statements that Kysely does not speak. */
  readonly pool: ConnectionPool;
  readonly url: string;
  /** What sets up its connections, and knows whether a pooler stands before the server. */
  readonly sessions: Sessions;
  /** Ends all connections; those in use are cut off after three seconds. */
  close(): Promise<void>;
}

/** Settings of the pool. */
export interface DatabaseOptions {
  /** Most connections at once. @default 10 */
  readonly max?: number;
  /** How long a connection is waited for, in milliseconds. @default 30_000 */
  readonly connectWithinMs?: number;
  /** How long one statement may take, in milliseconds. @default what server and role say */
  readonly statementWithinMs?: number;
  /** Name shown in pg_stat_activity. @default 'tidegate' */
  readonly applicationName?: string;
}

const INT8 = 20;

// Ids and counts stay far below 2^53; values of the user's tables never pass through here as int8.
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary'): unknown =>
    oid === INT8 ? Number : pg.types.getTypeParser(oid, format)) as pg.CustomTypesConfig['getTypeParser'],
};

/**
 * Opens a pool. Nothing connects until the first query; each connection is then set up, and refused if it cannot be.
 *
 * @throws TidegateError from the first query on: BAD_CONFIG, DATABASE_SESSION
 * @example const database = openDatabase('postgres://localhost/tidegate');
 */
export function openDatabase(url: string, options: DatabaseOptions = {}): Database {
  const { statementWithinMs: limitMs } = options;
  const plan = planSession(url, {
    settings: limitMs === undefined ? {} : { statement_timeout: String(limitMs) },
  });
  const config: pg.ClientConfig = {
    connectionString: plan.url,
    application_name: options.applicationName ?? 'tidegate',
    types,
  };
  const sessions = new Sessions(config, plan.settings, limitMs);
  const pool = new ConnectionPool({
    ...config,
    max: options.max ?? 10,
    ...(options.connectWithinMs !== undefined && { connectionTimeoutMillis: options.connectWithinMs }),
    // Waited for by the pool, whatever its types say; if it fails, the connection is ended and its user told.
    onConnect: (client): void => sessions.prepare(client) as unknown as void,
  });
  // A connection that breaks is replaced by the pool, and its statement fails. Its event says no more than that, and
  // without a listener would end the process: the pool listens while a connection is idle, and nobody while it is used.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  const kysely = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  const close = async (): Promise<void> => {
    await kysely.destroy();
    // Kysely ends only a pool that it has used itself; another's idle connections would hold up the process.
    if (!pool.ending) await pool.end();
  };
  return { kysely, pool, url, sessions, close };
}

/**
 * Opens a connection with the pool's settings and outside of it, for whoever must not wait for one or may not hand it
 * back. The caller ends it.
 */
export async function openClient(
  { pool, sessions }: Pick<Database, 'pool' | 'sessions'>,
  options: pg.ClientConfig = {},
): Promise<pg.Client> {
  const client = new pg.Client({ ...pool.options, ...options });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await sessions.prepare(client);
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
}

/** One view of the tables that changes nothing in them. */
export const READ_SNAPSHOT = 'isolation level repeatable read, read only';

/**
 * Runs `work` in a transaction on a connection of the pool; whatever it throws undoes it all. It uses that connection
 * and no other of the pool.
 *
 * @param mode as BEGIN takes it. @default the server's
 */
export async function inTransaction<T>(
  database: Pick<Database, 'pool'>,
  work: (client: pg.PoolClient) => Promise<T>,
  mode = '',
): Promise<T> {
  const outcome = await withConnections(database, 1, async ([client]) => {
    await client.query(`begin ${mode}`);
    try {
      const result = await work(client);
      await client.query('commit');
      return { result };
    } catch (error) {
      // A connection on which even that fails is not used again.
      await client.query('rollback').catch(() => {
        throw error;
      });
      return { error };
    }
  });
  if ('error' in outcome) throw outcome.error;
  return outcome.result;
}

/**
 * Opens the first connection, and says of a failure where it was tried.
 *
 * @throws TidegateError DATABASE_UNREACHABLE, and every other code of a connection that comes to nothing;
 * DATABASE_ENCODING when the database cannot hold every text
 */
export async function checkReachable(database: Database): Promise<void> {
  try {
    const { rows } = await database.pool.query<{ encoding: string }>(
      `select current_setting('server_encoding') as encoding`,
    );
    const encoding = rows[0]?.encoding;
    // SQL_ASCII takes any byte and says of none which letter it is; all others lack most letters.
    if (encoding !== 'UTF8')
      throw new TidegateError('DATABASE_ENCODING', `it has the encoding ${encoding}, and UTF8 is needed`);
  } catch (cause) {
    const { host, pathname } = new URL(database.url);
    const at = `Postgres at ${host}${pathname}`;
    if (cause instanceof TidegateError) {
      const { code, message, remedy, places } = cause;
      throw new TidegateError(code, `${at}: ${message}`, { cause, remedy, places });
    }
    const known = postgresFailure(cause)?.error;
    if (known && known.code !== 'DATABASE_UNREACHABLE') {
      throw new TidegateError(known.code, `${at}: ${known.message}`, { cause, remedy: known.remedy });
    }
    const words = known?.message ?? (cause instanceof Error ? cause.message : String(cause));
    throw new TidegateError('DATABASE_UNREACHABLE', `${at} did not answer: ${words}`, { cause });
  }
}
