// The spine in SQL: which entities, at which times.
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { quoteColumn, quoteTable } from './identifiers.ts';

/**
 * Each entity and time of the window `($1, $2]` once: the key columns, `tidegate_time`, and `tidegate_row`, which counts
 * from 1 in the order of the keys' texts, byte by byte, and of time. Rows come in that order.
 *
 * All that is said of a row later is said of its number, so that it is sorted once, while it is narrow.
 */
export function windowSpineSql({ entity, rows }: ModelDefinition): string {
  const keys = entity.keys.map(quoteColumn);
  const timestamp = quoteColumn(rows.timestamp);
  const order = [...keys.map((key) => `${key}::text collate "C"`), 'tidegate_time'].join(', ');
  return `
      select ${keys.join(', ')}, tidegate_time, row_number() over (order by ${order}) as tidegate_row
      from (
        select distinct ${keys.join(', ')}, ${timestamp}::timestamptz as tidegate_time
        from ${quoteTable(rows.table)}
        where ${timestamp} > $1::timestamptz and ${timestamp} <= $2::timestamptz
      ) each_once
      order by tidegate_row`;
}

/**
 * Each entity that exists at the instant `$1`: the key columns, `tidegate_time`, which is $1, and `tidegate_newest`, the
 * time of its newest row.
 */
export function instantSpineSql({ entity, rows }: ModelDefinition): string {
  const keys = entity.keys.map(quoteColumn).join(', ');
  const timestamp = quoteColumn(rows.timestamp);
  return `
      select ${keys}, $1::timestamptz as tidegate_time, max(${timestamp})::timestamptz as tidegate_newest
      from ${quoteTable(rows.table)}
      where ${timestamp} <= $1::timestamptz
      group by ${keys}`;
}
