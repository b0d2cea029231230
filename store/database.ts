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

// Ids and counts stay far below 2^53; values of the user's tables never pass through here as int8.
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === INT8
      ? Number
      : pg.types.getTypeParser(oid, format as 'text')) as pg.CustomTypesConfig['getTypeParser'],
};

/**
 * Opens a pool. Nothing connects until the first query.
 *
 * @example const database = openDatabase('postgres://localhost/tidegate');
 */
export function openDatabase(url: string, options: DatabaseOptions = {}): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.max ?? 10,
    application_name: options.applicationName ?? 'tidegate',
    types,
  });
  // An idle connection that breaks is replaced by the pool; without a listener it would end the process.
  pool.on('error', () => undefined);
  const kysely = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  return { kysely, pool, url, close: () => kysely.destroy() };
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
