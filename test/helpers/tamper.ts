// Changes rows without triggers, as a broken disk or a superuser could.
import type pg from 'pg';
import { type Database, inTransaction } from '../../store/postgres/database.ts';

/** Runs a statement with all triggers off. @example await tamper(database, 'update tidegate.evidence set …') */
export const tamper = <Row extends pg.QueryResultRow>(
  database: Database,
  statement: string,
  values: readonly unknown[] = [],
): Promise<pg.QueryResult<Row>> =>
  inTransaction(database, async (client) => {
    await client.query('set local session_replication_role = replica');
    return client.query<Row>(statement, [...values]);
  });
