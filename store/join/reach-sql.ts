// Which rows of a view are in reach of an entity row (not later than it and not older than the ttl), which of them
// were known in time, and which of those is used.
import pg from 'pg';
import { type ModelDefinition, type ViewDefinition } from '../../domain/model/definition.ts';
import { quoteColumn } from '../postgres/sql-text.ts';
import { intervalSql } from './usable-instant-sql.ts';
import { sameKeySql, viewKeys } from './spine-sql.ts';

/** A condition for the rows of `source` that a row of `spine` could use if each were known at its own timestamp. */
export function inReachSql(definition: ModelDefinition, view: ViewDefinition): string {
  const timestamp = `source.${quoteColumn(view.timestamp)}`;
  const conditions = [sameKeySql(viewKeys(definition, view)), `${timestamp} <= spine.tidegate_time`];
  if (view.ttl !== undefined)
    conditions.push(`${timestamp} >= spine.tidegate_time - ${intervalSql(view.ttl)}`);
  return conditions.join('\n        and ');
}

/** Whether a row was known at most `lag` after the row time; null if its `known` is null. */
const inTimeSql = (view: ViewDefinition, known: string): string =>
  `source.${quoteColumn(known)} <= spine.tidegate_time + ${intervalSql(view.lag ?? '0 hours')}`;

/** Whether a row was known in time or counts as known through `knownSince`; 'true' if the view has no `known`. */
export function wasKnownSql(view: ViewDefinition): string {
  if (view.known === undefined) return 'true';
  const inTime = inTimeSql(view, view.known);
  if (view.knownSince === undefined) return inTime;
  const since = `${pg.escapeLiteral(view.knownSince)}::timestamptz`;
  return `(${inTime} or source.${quoteColumn(view.known)} < ${since})`;
}

/** Whether a row counts as known only because of `knownSince`. */
export const isBackfilledSql = (view: ViewDefinition): string =>
  view.known === undefined || view.knownSince === undefined
    ? 'false'
    : `not (${inTimeSql(view, view.known)})`;

/**
 * Orders by latest timestamp, then by latest `known`. Complete ties are broken by the greatest values, column by column as
 * declared, so that the physical order of rows does not matter and the source can be a SQL view.
 *
 * @param uniqueTimes whether no two rows of an entity have the same timestamp and `known`, so that there are no ties
 */
export const latestFirstSql = (view: ViewDefinition, uniqueTimes: boolean): string =>
  [
    ...[view.timestamp, ...(view.known === undefined ? [] : [view.known])].map(
      (column) => `source.${quoteColumn(column)} desc`,
    ),
    ...(uniqueTimes ? [] : Object.keys(view.columns)).map(
      (column) => `source.${quoteColumn(column)} desc nulls last`,
    ),
  ].join(', ');
