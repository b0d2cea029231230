// The newest row time for which a label exists: where a training window ends.
import { type ModelDefinition } from '../../domain/features/definition.ts';
import { type Database } from '../database.ts';
import { quoteColumn, quoteTable } from './identifiers.ts';
import { wholeMillisecondSql } from './whole-millisecond-sql.ts';

/**
 * The newest time at or before `asOf` of a row with a label that is known by now, rounded up to the millisecond; none
 * where no row has one.
 */
export async function newestLabelledTime(
  database: Database,
  definition: ModelDefinition,
  asOf: Date | null,
): Promise<Date | undefined> {
  const { rows: spine, label, entity } = definition;
  const sameKey = entity.keys
    .map((key) => `label.${quoteColumn(key)} = spine.${quoteColumn(key)}`)
    .join(' and ');
  const known = label.known === undefined ? '' : `and label.${quoteColumn(label.known)} <= now()`;
  const { rows } = await database.pool.query<{ newest: Date | null }>(
    `select ${wholeMillisecondSql(`max(spine.${quoteColumn(spine.timestamp)})`)} as newest
     from ${quoteTable(spine.table)} spine
     join ${quoteTable(label.table)} label
       on ${sameKey} and label.${quoteColumn(label.timestamp)} = spine.${quoteColumn(spine.timestamp)}
     where label.${quoteColumn(label.column)} is not null ${known}
       and ($1::timestamptz is null or spine.${quoteColumn(spine.timestamp)} <= $1::timestamptz)`,
    [asOf],
  );
  return rows[0]?.newest ?? undefined;
}
