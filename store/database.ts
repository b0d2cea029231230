// The connection to Postgres: one pool, and Kysely over it.
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { type Tables } from './tables.ts';
import { TidegateError } from '../domain/errors.ts';

/** Postgres as the rest of Tidegate sees it. */
export interface Database {
  readonly kysely: Kysely<Tables>;
  /** For cursors, LISTEN and statements that Kysely does not speak. */
  readonly pool: pg.Pool;
  readonly url: string;
  close(): Promise<void>;
}

/** Settings of the pool. */
export interface DatabaseOptions {
  /** Most connections at once. @default 10 */
  readonly max?: number;
  /** Name shown in pg_stat_activity. @default 'tidegate' */
  readonly applicationName?: string;
}

const INT8 = 20;

// Unqualified names are those of `public`: by default a schema named like the role comes first, and the role that owns
// Tidegate's tables may well be called tidegate. A URL may say otherwise.
const SEARCH_PATH = '-c search_path=public';

// Times without a zone are UTC, a day is 24 hours and a date reads 2024-02-29, whatever server or role are set to.
const SESSION = '-c TimeZone=UTC -c DateStyle=ISO';

// Ids and counts stay far below 2^53; values of the user's tables never pass through here as int8.
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary'): unknown =>
    oid === INT8 ? Number : pg.types.getTypeParser(oid, format)) as pg.CustomTypesConfig['getTypeParser'],
};

/**
 * Opens a pool. Nothing connects until the first query.
 *
 * @example const database = openDatabase('postgres://localhost/tidegate');
 */
export function openDatabase(url: string, options: DatabaseOptions = {}): Database {
  const pool = new pg.Pool({
    connectionString: withSession(url),
    max: options.max ?? 10,
    application_name: options.applicationName ?? 'tidegate',
    types,
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
  return { kysely, pool, url, close };
}

/** Adds the session's settings to those that the URL may carry; as part of it, since its own would win. */
function withSession(url: string): string {
  const settled = new URL(url);
  const given = settled.searchParams.get('options');
  settled.searchParams.set('options', [SEARCH_PATH, given ?? '', SESSION].join(' '));
  return settled.href;
}

/**
 * Opens a connection with the pool's settings and outside of it, for whoever must not wait for one or may not hand it
 * back. The caller ends it.
 */
export async function openClient({ pool }: Database): Promise<pg.Client> {
  const client = new pg.Client(pool.options);
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** One view of the tables that changes nothing in them. */
export const READ_SNAPSHOT = 'isolation level repeatable read, read only';

/**
 * Runs `work` in a transaction on a connection of the pool; whatever it throws undoes it all.
 *
 * @param mode as BEGIN takes it. @default the server's
 */
export async function inTransaction<T>(
  { pool }: Database,
  work: (client: pg.PoolClient) => Promise<T>,
  mode = '',
): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query(`begin ${mode}`);
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  } finally {
    client.release();
  }
}

/** @throws TidegateError DATABASE_UNREACHABLE, saying what the driver said and where it tried */
export async function checkReachable(database: Database): Promise<void> {
  try {
    await database.pool.query('select 1');
  } catch (error) {
    const { host, pathname } = new URL(database.url);
    const cause =
      error instanceof Error ? error.message || (error as NodeJS.ErrnoException).code : String(error);
    throw new TidegateError(
      'DATABASE_UNREACHABLE',
      `Postgres at ${host}${pathname} did not answer: ${cause}`,
      {
        cause: error,
      },
    );
  }
}
