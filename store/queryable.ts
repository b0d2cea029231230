// Whatever runs one statement: the pool, or one of its connections inside a transaction.
import type pg from 'pg';

/** The pool or a connection of it. */
export interface Queryable {
  query<R extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<pg.QueryResult<R>>;
}
