// Reads the source tables in one consistent snapshot.
import type pg from 'pg';
import { type Database, openClient } from './database.ts';
import { type Queryable } from './sql-text.ts';

/** Type parsers that return every field as the text that Postgres sent. */
export const asText: pg.CustomTypesConfig = {
  getTypeParser: () => (text: string) => text,
};

/**
 * Runs `work` in one REPEATABLE READ transaction on a new connection, so all of its statements see the same rows.
 *
 * @param signal cancels the running statement on the server
 * @throws the signal's reason if it is aborted
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
 * Runs `work` as {@link inSnapshot} does, but on a connection that the caller already has. After a failure that
 * connection must not be used again, because a cancel request for it may still be on its way.
 *
 * @throws the signal's reason if it is aborted
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
 * Runs `work`; if the signal is aborted, the running statements are cancelled on the server too. After a failure the
 * connections must not be used again. Behind a pooler that shares sessions, they must already be in a transaction.
 *
 * @throws the signal's reason if it is aborted
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
  // An error here can be ignored: the statement either fails or has already ended.
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

/** The id of the server process that runs the transaction, for `pg_cancel_backend`. */
export async function backendOf(client: pg.ClientBase): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  return Number(rows[0]?.pid);
}

async function cancelStatement(database: Database, backend: number): Promise<void> {
  // Uses a connection outside the pool, because the work that waits for this statement may use the last connection.
  const other = await openClient(database);
  try {
    await other.query('select pg_cancel_backend($1)', [backend]);
  } finally {
    await other.end();
  }
}

/**
 * Returns the instant up to which every row that became known can be seen by now: the current time, or the start of
 * the oldest other open transaction that has written, because the rows that it has written become visible only when
 * it commits, although their times may be as early as its start. ISO 8601 text with microseconds.
 */
export async function labelsKnownBy(client: Queryable): Promise<string> {
  const { rows } = await client.query<{ instant: string }>(`
    select to_char(least(now(), min(xact_start)) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as instant
    from pg_stat_activity
    where backend_xid is not null and pid <> pg_backend_pid() and datname = current_database()`);
  return rows[0]?.instant ?? new Date().toISOString();
}
