// The connection to Postgres: one pool, and Kysely over it.
import { type Kysely } from 'kysely';
import pg from 'pg';
import { TidegateError } from '../../domain/errors.ts';
import { ConnectionPool, kyselyOver, withConnections } from './connections.ts';
import { postgresFailure } from './postgres-failure.ts';
import { planSession, Sessions } from './session.ts';
import { type Tables } from './tables.ts';

/** The database handle that the rest of Tidegate works with. */
export interface Database {
  /** For Tidegate's own tables, never for the source tables of a model: see `kyselyOver`. */
  readonly kysely: Kysely<Tables>;
  /** For cursors, LISTEN and statements that Kysely cannot express. */
  readonly pool: ConnectionPool;
  readonly url: string;
  /** Sets up each connection, and knows whether there is a pooler between this process and the server. */
  readonly sessions: Sessions;
  /** Closes all connections; those still in use after three seconds are closed by force. */
  close(): Promise<void>;
}

/** Settings of the pool. */
export interface DatabaseOptions {
  /** Maximum number of open connections. @default 10 */
  readonly max?: number;
  /** How long to wait for a free connection, in milliseconds. @default 30_000 */
  readonly connectWithinMs?: number;
  /** How long one statement may take, in milliseconds. @default the setting of the server and the role */
  readonly statementWithinMs?: number;
  /** Name shown in pg_stat_activity. @default 'tidegate' */
  readonly applicationName?: string;
}

const INT8 = 20;

// int8 values are read as numbers. That is exact, because ids and counts stay far below 2^53 and values of the user's
// tables are never read as int8 through this pool.
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary'): unknown =>
    oid === INT8 ? Number : pg.types.getTypeParser(oid, format)) as pg.CustomTypesConfig['getTypeParser'],
};

/**
 * Opens a pool. Nothing connects before the first query. Each new connection is set up first; if that fails, the
 * connection is closed and the query gets the error.
 *
 * @throws TidegateError BAD_CONFIG or DATABASE_SESSION, from queries and not from this call
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
    // pg's types say void, but the pool awaits a promise; if it rejects, the pool closes the connection and passes the
    // error on.
    onConnect: (client): void => sessions.prepare(client) as unknown as void,
  });
  // When a connection breaks, its statement fails and the pool replaces it, so the event adds nothing. But an error event
  // without a listener ends the process, and the pool listens only while a connection is idle.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  const kysely = kyselyOver(pool);
  const close = async (): Promise<void> => {
    await kysely.destroy();
    // Kysely closes the pool only if Kysely has used it; otherwise idle connections would keep the process running.
    if (!pool.ending) await pool.end();
  };
  return { kysely, pool, url, sessions, close };
}

/**
 * Opens a connection with the pool's settings but outside the pool, for callers that must not wait for a free one or
 * must not return it. The caller closes it.
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

/** Transaction mode: every statement sees the same rows, and none may write. */
export const READ_SNAPSHOT = 'isolation level repeatable read, read only';

/**
 * Runs `work` in a transaction on a connection of the pool; any error rolls everything back. `work` must use only that
 * connection and take no other from the pool.
 *
 * @param mode transaction modes as BEGIN accepts them. @default the server's
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
      // If even the rollback fails, throwing here keeps the connection from being used again.
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
 * Opens the first connection. The message of a failure names the host and database that were tried.
 *
 * @throws TidegateError DATABASE_UNREACHABLE, or any other code of a failed connection; DATABASE_ENCODING if the
 * encoding of the database is not UTF8
 */
export async function checkReachable(database: Database): Promise<void> {
  try {
    const { rows } = await database.pool.query<{ encoding: string }>(
      `select current_setting('server_encoding') as encoding`,
    );
    const encoding = rows[0]?.encoding;
    // SQL_ASCII accepts any byte without knowing which letter it is; all other encodings lack most letters.
    if (encoding !== 'UTF8')
      throw new TidegateError('DATABASE_ENCODING', `its encoding is ${encoding}, but UTF8 is required`);
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
    const reason = known?.message ?? (cause instanceof Error ? cause.message : String(cause));
    throw new TidegateError('DATABASE_UNREACHABLE', `${at} did not answer: ${reason}`, { cause });
  }
}
