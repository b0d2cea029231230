// Which rows of a view an entity could see at a row time, which of them were known by then, and which of those wins.
import pg from 'pg';
import { type ModelDefinition, type ViewDefinition } from '../../domain/model/definition.ts';
import { quoteColumn } from '../postgres/sql-text.ts';
import { intervalSql } from './usable-instant-sql.ts';
import { sameKeySql, viewKeys } from './spine-sql.ts';

/** Rows of `source` that would be seen from a row of `spine` if each were known at its own timestamp. */
export function inReachSql(definition: ModelDefinition, view: ViewDefinition): string {
  const timestamp = `source.${quoteColumn(view.timestamp)}`;
  const conditions = [sameKeySql(viewKeys(definition, view)), `${timestamp} <= spine.tidegate_time`];
  if (view.ttl !== undefined)
    conditions.push(`${timestamp} >= spine.tidegate_time - ${intervalSql(view.ttl)}`);
  return conditions.join('\n        and ');
}

/** Whether a row was known at most `lag` after the row time. Null where it never says when. */
const inTimeSql = (view: ViewDefinition, known: string): string =>
  `source.${quoteColumn(known)} <= spine.tidegate_time + ${intervalSql(view.lag ?? '0 hours')}`;

/** Whether a row was known by the row time, or is told to have been; a constant where the view does not say. */
export function wasKnownSql(view: ViewDefinition): string {
  if (view.known === undefined) return 'true';
  const inTime = inTimeSql(view, view.known);
  if (view.knownSince === undefined) return inTime;
  const since = `${pg.escapeLiteral(view.knownSince)}::timestamptz`;
  return `(${inTime} or source.${quoteColumn(view.known)} < ${since})`;
}

/** Whether a row counts as known by `knownSince` alone. */
export const isBackfilledSql = (view: ViewDefinition): string =>
  view.known === undefined || view.knownSince === undefined
    ? 'false'
    : `not (${inTimeSql(view, view.known)})`;

/**
 * Latest timestamp first, then latest known. The greatest values settle a full tie, column by column as declared, so
 * that where a row happens to lie in the table does not matter, and a view can be the source.
 *
 * @param uniqueTimes no two rows of an entity are equal in timestamp and `known`, so that nothing is left to settle
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
