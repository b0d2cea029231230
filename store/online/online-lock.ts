// One materialisation of a definition at a time: the second waits for the first.
import type pg from 'pg';
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
  const reader = await database.pool.connect();
  try {
    requireOwnSession(database.sessions.kind, 'materialising');
    await reader.query('select pg_advisory_lock(hashtextextended($1, 0))', [
      `tidegate/online/${model}/${version}`,
    ]);
    const writer = await database.pool.connect();
    try {
      return await work({ reader, writer });
    } finally {
      writer.release(true);
    }
  } finally {
    // Ended and not given back: with the session go its lock, its transaction and its temporary tables.
    reader.release(true);
  }
}
