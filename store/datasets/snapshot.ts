// One consistent look at the source tables.
import type pg from 'pg';
import { type Database } from '../database.ts';

/** Leaves every field as the text that Postgres sent. */
export const asText: pg.CustomTypesConfig = {
  getTypeParser: () => (text: string) => text,
};

/** Runs `work` in one REPEATABLE READ transaction: all of its statements see the same rows. */
export async function inSnapshot<T>(
  database: Database,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await database.pool.connect();
  try {
    await client.query('begin isolation level repeatable read');
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

/**
 * The instant up to which what is known is complete: now, or the start of the oldest other transaction that has
 * written, since its rows may still appear with earlier times. ISO text with microseconds.
 */
export async function labelsKnownBy(database: Database): Promise<string> {
  const { rows } = await database.pool.query<{ instant: string }>(`
    select to_char(least(now(), min(xact_start)) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as instant
    from pg_stat_activity
    where backend_xid is not null and pid <> pg_backend_pid() and datname = current_database()`);
  return rows[0]?.instant ?? new Date().toISOString();
}
