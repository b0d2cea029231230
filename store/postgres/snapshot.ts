// One consistent look at the source tables.
import type pg from 'pg';
import { type Database, openClient } from './database.ts';
import { type Queryable } from './sql-text.ts';

/** Leaves every field as the text that Postgres sent. */
export const asText: pg.CustomTypesConfig = {
  getTypeParser: () => (text: string) => text,
};

/**
 * Runs `work` in one REPEATABLE READ transaction, on a connection of its own: all of its statements see the same rows.
 *
 * @param signal ends the statement under way on the server
 * @throws the signal's reason, when aborted
 */
export async function inSnapshot<T>(
  database: Database,
  work: (client: pg.Client) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  signal?.throwIfAborted();
  const client = await openClient(database);
  try {
    return await inSnapshotOn({ database, client }, () => work(client), signal);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/**
 * The same on a connection that the caller has. After a failure it must not be used again: a statement of it may still
 * be about to be cancelled.
 *
 * @throws the signal's reason, when aborted
 */
export async function inSnapshotOn<T>(
  { database, client }: { readonly database: Database; readonly client: pg.ClientBase },
  work: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  signal?.throwIfAborted();
  await client.query('begin isolation level repeatable read read only');
  return cancellable(database, [client], signal, async () => {
    const result = await work();
    await client.query('commit');
    return result;
  });
}

/**
 * Runs `work`; when aborted, the statements under way on its connections end on the server as well. After a failure the
 * connections must not be used again. Behind a pooler that shares sessions they must be in a transaction already.
 *
 * @throws the signal's reason, when aborted
 */
export async function cancellable<T>(
  database: Database,
  clients: readonly pg.ClientBase[],
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  if (!signal) return work();
  const backends: number[] = [];
  for (const client of clients) backends.push(await backendOf(client));
  // The statement fails then, or has ended.
  const cancel = (): void =>
    backends.forEach((backend) => void cancelStatement(database, backend).catch(() => undefined));
  signal.addEventListener('abort', cancel);
  try {
    signal.throwIfAborted();
    return await work();
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

/** The process of the server that a transaction runs in, for `pg_cancel_backend`. */
export async function backendOf(client: pg.ClientBase): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  return Number(rows[0]?.pid);
}

async function cancelStatement(database: Database, backend: number): Promise<void> {
  // Not from the pool: whoever waits for this statement may hold its last connection.
  const other = await openClient(database);
  try {
    await other.query('select pg_cancel_backend($1)', [backend]);
  } finally {
    await other.end();
  }
}

/**
 * The instant up to which what is known is complete: now, or the start of the oldest other transaction that has
 * written, since its rows may still appear with earlier times. ISO text with microseconds.
 */
export async function labelsKnownBy(client: Queryable): Promise<string> {
  const { rows } = await client.query<{ instant: string }>(`
    select to_char(least(now(), min(xact_start)) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as instant
    from pg_stat_activity
    where backend_xid is not null and pid <> pg_backend_pid() and datname = current_database()`);
  return rows[0]?.instant ?? new Date().toISOString();
}
