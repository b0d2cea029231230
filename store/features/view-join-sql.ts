// The join of one view: of all rows that an entity could see at the row time, the latest.
import pg from 'pg';
import { isNumeric } from '../../domain/features/column.ts';
import { type SourceColumn } from '../../domain/features/define-model.ts';
import { type ModelDefinition, type ViewDefinition } from '../../domain/features/definition.ts';
import { quoteColumn, quoteTable } from './identifiers.ts';
import { intervalSql } from './interval-sql.ts';
import { sameKeySql, viewKeys } from './keys-sql.ts';

/** The name by which the rest of a statement speaks of a view's columns. */
export const viewAlias = (view: number): string => `view_${view}`;

/** Rows of a view that an entity could see at the row time if each were known at its own timestamp. */
function inReach(definition: ModelDefinition, view: ViewDefinition): string {
  const timestamp = `source.${quoteColumn(view.timestamp)}`;
  const conditions = [sameKeySql(viewKeys(definition, view)), `${timestamp} <= spine.row_time`];
  if (view.ttl !== undefined) conditions.push(`${timestamp} >= spine.row_time - ${intervalSql(view.ttl)}`);
  return conditions.join('\n        and ');
}

/** Whether a row of a view was known by the row time; a constant where the view does not say. */
function wasKnown(view: ViewDefinition): string {
  if (view.known === undefined) return 'true';
  const known = `source.${quoteColumn(view.known)}`;
  const inTime = `${known} <= spine.row_time + ${intervalSql(view.lag ?? '0 hours')}`;
  return view.knownSince === undefined
    ? inTime
    : `(${inTime} or ${known} < ${pg.escapeLiteral(view.knownSince)}::timestamptz)`;
}

// Latest timestamp wins, then latest known; the greatest values settle a full tie, so that where a row happens to lie
// in the table does not matter, and a view can be the source.
const latestFirst = (view: ViewDefinition): string =>
  [
    ...[view.timestamp, ...(view.known === undefined ? [] : [view.known])].map(
      (column) => `source.${quoteColumn(column)} desc`,
    ),
    ...Object.keys(view.columns).map((column) => `source.${quoteColumn(column)} desc nulls last`),
  ].join(', ');

/** A source column as it is frozen: float8 for numbers, microseconds since 1970 UTC for instants, else text. */
function valueSql({ name, spec }: Pick<SourceColumn, 'name' | 'spec'>): string {
  const column = `source.${quoteColumn(name)}`;
  if (spec.type === 'instant') return `(extract(epoch from ${column}::timestamptz) * 1000000)::float8`;
  return `${column}::${isNumeric(spec) ? 'float8' : 'text'}`;
}

/**
 * One lateral join: the view's columns, `matched`, which is true where any row was found, and `tidegate_at`, the
 * timestamp of that row.
 */
export function viewJoinSql(definition: ModelDefinition, view: ViewDefinition, index: number): string {
  const columns = Object.entries(view.columns).map(
    ([name, spec]) => `${valueSql({ name, spec })} as ${quoteColumn(name)}`,
  );
  return `
    left join lateral (
      select ${columns.join(', ')}, true as matched, source.${quoteColumn(view.timestamp)}::timestamptz as tidegate_at
      from ${quoteTable(view.table)} source
      where ${inReach(definition, view)}
        and ${wasKnown(view)}
      order by ${latestFirst(view)}
      limit 1
    ) ${viewAlias(index)} on true`;
}

/** Whether `known` alone keeps a row from its values: some were in reach, and none was known in time. */
export function hiddenSql(definition: ModelDefinition, view: ViewDefinition, index: number): string {
  const exists =
    view.known === undefined
      ? 'false'
      : `exists (select from ${quoteTable(view.table)} source where ${inReach(definition, view)})`;
  return `(${viewAlias(index)}.matched is null and ${exists})`;
}
