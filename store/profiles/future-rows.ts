// Finds rows of source tables and online rows that are dated in the future, which is usually a typing error.
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { type FutureRows } from '../../domain/quality/future-rows.ts';
import { type Database } from '../postgres/database.ts';
import { quoteColumn, quoteTable } from '../postgres/sql-text.ts';
import { isUsableInstantSql } from '../join/usable-instant-sql.ts';
import { definitionsAhead } from '../online/watermark.ts';

/** Counting stops at this number of rows. */
const MAX_COUNTED = 1_000;

/** Rows that are dated in the future. */
export interface Future {
  readonly rows: readonly FutureRows[];
  /** Definition versions of the model that have such online rows. */
  readonly online: readonly number[];
}

/**
 * Looks at the times of the rows table, the views and the label, and at the online rows of the model. A time is in
 * the future if it is more than five minutes ahead of the database's clock. Infinite times are not counted, because
 * they are used on purpose, for example as "until further notice".
 *
 * Runs one statement for each time column: `select count(*), max(at) from (select at from t where at > now() + …
 * limit 1000)`.
 */
export async function findFuture(database: Database, definition: ModelDefinition): Promise<Future> {
  const found: FutureRows[] = [];
  for (const { table, column } of timesOf(definition)) {
    const time = quoteColumn(column);
    const { rows } = await database.pool.query<{ rows: number; newest: Date | null }>(
      `select count(*)::int as rows, max(at)::timestamptz as newest from (
         select ${time} as at from ${quoteTable(table)}
         where ${time} > now() + interval '5 minutes' and ${isUsableInstantSql(time)} limit ${MAX_COUNTED}
       ) ahead`,
    );
    const [{ rows: count, newest } = { rows: 0, newest: null }] = rows;
    if (newest !== null) found.push({ table, column, rows: count, isMore: count === MAX_COUNTED, newest });
  }
  return { rows: found, online: await definitionsAhead(database, definition.name) };
}

/** Returns the time columns that a definition names, each once. */
function timesOf({ rows, features, label }: ModelDefinition): { table: string; column: string }[] {
  const all = [
    { table: rows.table, column: rows.timestamp },
    ...[...features, label].flatMap(({ table, timestamp, known }) => [
      { table, column: timestamp },
      ...(known === undefined ? [] : [{ table, column: known }]),
    ]),
  ];
  return [...new Map(all.map((each) => [JSON.stringify(each), each])).values()];
}
