// The join of the label: of the row's very time, known by the instant of the freeze, the latest known of them.
import pg from 'pg';
import { type ModelDefinition } from '../../domain/features/definition.ts';
import { quoteColumn, quoteTable } from './identifiers.ts';
import { entityKeyColumns, sameKeySql } from './keys-sql.ts';

/** One lateral join: `label.label` is 1, 0 or null. Parameter: `$3`, the instant by which a label must be known. */
export function labelJoinSql(definition: ModelDefinition): string {
  const { table, column, timestamp, known, positive } = definition.label;
  const value = `source.${quoteColumn(column)}`;
  const isPositive =
    typeof positive === 'number'
      ? `${value}::float8 = ${positive}`
      : `${value}::text = ${pg.escapeLiteral(String(positive))}`;
  // A statement must name each of its parameters, so $3 stands even where nothing depends on it.
  const knownBy =
    known === undefined ? '$3::timestamptz is not null' : `source.${quoteColumn(known)} <= $3::timestamptz`;
  const latestKnown = known === undefined ? '' : `source.${quoteColumn(known)} desc, `;
  return `
    left join lateral (
      select case when ${value} is null then null when ${isPositive} then 1 else 0 end as label
      from ${quoteTable(table)} source
      where ${sameKeySql(entityKeyColumns(definition))}
        and source.${quoteColumn(timestamp)} = spine.row_time
        and ${knownBy}
      order by ${latestKnown}${value} desc nulls last
      limit 1
    ) label on true`;
}
