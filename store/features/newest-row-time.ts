// The newest row time of the spine: where the newest window ends.
import { type ModelDefinition } from '../../domain/features/definition.ts';
import { type Database } from '../database.ts';
import { quoteColumn, quoteTable } from './identifiers.ts';
import { isUsableInstantSql } from './usable-instant-sql.ts';
import { wholeMillisecondSql } from './whole-millisecond-sql.ts';

/**
 * The newest time of a row of the model's spine, rounded up to the millisecond; none if the table has no row with a
 * usable time (`isUsableInstantSql`).
 */
export async function newestRowTime(
  database: Database,
  { rows: spine }: ModelDefinition,
): Promise<Date | undefined> {
  const timestamp = quoteColumn(spine.timestamp);
  const { rows } = await database.pool.query<{ newest: Date | null }>(
    `select ${wholeMillisecondSql(`max(${timestamp})`)} as newest
     from ${quoteTable(spine.table)} where ${isUsableInstantSql(timestamp)}`,
  );
  return rows[0]?.newest ?? undefined;
}
