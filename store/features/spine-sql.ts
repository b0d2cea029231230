// The spine in SQL: which entities, at which times.
import { type ModelDefinition } from '../../domain/features/definition.ts';
import { quoteColumn, quoteTable } from './identifiers.ts';

/** Each entity and time of the window `($1, $2]` once: the key columns, and `row_time`. */
export function windowSpineSql({ entity, rows }: ModelDefinition): string {
  const timestamp = quoteColumn(rows.timestamp);
  return `
      select distinct ${entity.keys.map(quoteColumn).join(', ')}, ${timestamp}::timestamptz as row_time
      from ${quoteTable(rows.table)}
      where ${timestamp} > $1::timestamptz and ${timestamp} <= $2::timestamptz`;
}

/** Each entity that exists at the instant `$1`: the key columns, `row_time`, which is $1, and its `newest` row time. */
export function instantSpineSql({ entity, rows }: ModelDefinition): string {
  const keys = entity.keys.map(quoteColumn).join(', ');
  const timestamp = quoteColumn(rows.timestamp);
  return `
      select ${keys}, $1::timestamptz as row_time, max(${timestamp})::timestamptz as newest
      from ${quoteTable(rows.table)}
      where ${timestamp} <= $1::timestamptz
      group by ${keys}`;
}
