// One materialisation of a definition at a time: the second waits for the first.
import type pg from 'pg';
import { withConnections } from '../connections.ts';
import { type Database } from '../database.ts';
import { requireOwnSession } from '../session.ts';
import { type RowsOf } from './online-writer.ts';

/** The connections of one materialisation. */
export interface OnlineClients {
  /** Holds the lock, and reads in one snapshot. */
  readonly reader: pg.PoolClient;
  readonly writer: pg.PoolClient;
}

/**
 * Runs `work` while no other process materialises the same rows; waits for one that does. The lock goes with the
 * connection, so a process that is killed gives it up.
 */
export async function withOnlineLock<T>(
  database: Database,
  { model, version }: RowsOf,
  work: (clients: OnlineClients) => Promise<T>,
): Promise<T> {
  const lock = `tidegate/online/${model}/${version}`;
  // After a failure the sessions end, and with them the lock, the transaction and the temporary tables.
  return withConnections(database, 2, async ([reader, writer]) => {
    requireOwnSession(database.sessions.kind, 'materialising');
    await reader.query('select pg_advisory_lock(hashtextextended($1, 0))', [lock]);
    const result = await work({ reader, writer });
    // A session that is new has to read the catalog again before it plans its first join.
    await reader.query('rollback');
    await writer.query('discard temp');
    await reader.query('select pg_advisory_unlock(hashtextextended($1, 0))', [lock]);
    return result;
  });
}
