// The newest row time of the spine: where the newest window ends.
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { type Database } from '../database.ts';
import { quoteColumn, quoteTable } from './identifiers.ts';
import { isUsableInstantSql } from './usable-instant-sql.ts';
import { wholeMillisecondSql } from './whole-millisecond-sql.ts';

/**
 * The newest time of a row of the model's spine that is not in the future, rounded up to the millisecond; if all are,
 * the newest of them. None if the table has no row with a usable time (`isUsableInstantSql`).
 */
export async function newestRowTime(
  database: Database,
  { rows: spine }: ModelDefinition,
): Promise<Date | undefined> {
  const timestamp = quoteColumn(spine.timestamp);
  const newest = (condition: string): string =>
    wholeMillisecondSql(
      `(select max(${timestamp}) from ${quoteTable(spine.table)} where ${isUsableInstantSql(timestamp)}${condition})`,
    );
  const { rows } = await database.pool.query<{ newest: Date | null }>(
    `select coalesce(${newest(` and ${timestamp} <= now()`)}, ${newest('')}) as newest`,
  );
  return rows[0]?.newest ?? undefined;
}
