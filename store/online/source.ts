// The tables that online rows are made from: the rows table (spine) and the views, each with its keys and times.
import pg from 'pg';
import { type ModelDefinition, type ViewDefinition } from '../../domain/model/definition.ts';
import { quoteColumn, quoteTable } from '../postgres/sql-text.ts';
import { intervalSql } from '../join/usable-instant-sql.ts';
import { entityKeyColumns, type KeyColumn, viewKeys } from '../join/spine-sql.ts';

/** One table as a source of online rows. */
export interface Source {
  readonly table: string;
  readonly timestamp: string;
  /** The key columns of the table; those of a view may be fewer than the entity has. */
  readonly keys: readonly KeyColumn[];
  /** Present for a view, absent for the rows table. */
  readonly view?: ViewDefinition;
}

/** Returns the sources of a definition: the rows table, then the views in their order. */
export function sourcesOf(definition: ModelDefinition): Source[] {
  const { rows, features } = definition;
  return [
    { table: rows.table, timestamp: rows.timestamp, keys: entityKeyColumns(definition) },
    ...features.map((view) => ({
      table: view.table,
      timestamp: view.timestamp,
      keys: viewKeys(definition, view),
      view,
    })),
  ];
}

/** Returns an instant as an SQL constant. */
export const instantLiteral = (instant: string): string => `${pg.escapeLiteral(instant)}::timestamptz`;

/**
 * Returns the SQL condition that a row of `source` can be used at an instant: its timestamp is not in the future, its
 * ttl has not passed, and it is known.
 *
 * @param instant ISO 8601
 * @example reachSql(usage, '2024-03-01T00:00:00Z')
 * // (source."at" <= '2024-03-01T00:00:00Z'::timestamptz and source."at" >= (select … - interval '45 days'))
 */
export function reachSql(source: Source, instant: string): string {
  const at = `source.${quoteColumn(source.timestamp)}`;
  const { view } = source;
  const bounds = reachBounds(source, instant);
  const conditions = [`${at} <= ${bounds.newest}`];
  if (bounds.oldest !== undefined) conditions.push(`${at} >= ${bounds.oldest}`);
  if (view?.known !== undefined) {
    const known = `source.${quoteColumn(view.known)}`;
    const since = view.knownSince === undefined ? '' : ` or ${known} < ${instantLiteral(view.knownSince)}`;
    conditions.push(`(${known} <= ${bounds.known}${since})`);
  }
  return `(${conditions.join(' and ')})`;
}

/**
 * Returns the SQL condition that a row of `source` became usable between two instants, or stopped being usable. Cheap
 * comparisons come first: they exclude the rows that have no time between the two instants, which are most rows.
 *
 * @param earlier ISO 8601
 * @param later ISO 8601, not before `earlier`
 */
export function movedSql(source: Source, earlier: string, later: string): string {
  const at = `source.${quoteColumn(source.timestamp)}`;
  const [from, to] = [reachBounds(source, earlier), reachBounds(source, later)];
  const crossed = [`(${at} > ${from.newest} and ${at} <= ${to.newest})`];
  if (from.oldest !== undefined) crossed.push(`(${at} >= ${from.oldest} and ${at} < ${to.oldest})`);
  if (source.view?.known !== undefined) {
    const known = `source.${quoteColumn(source.view.known)}`;
    crossed.push(`(${known} > ${from.known} and ${known} <= ${to.known})`);
  }
  const changed = `${reachSql(source, earlier)} is distinct from ${reachSql(source, later)}`;
  return `((${crossed.join(' or ')}) and ${changed})`;
}

/**
 * Returns SQL for the limits that a row must keep to be usable at an instant: the newest timestamp, the oldest
 * timestamp if there is a ttl, and the latest time at which a row may have become known.
 */
function reachBounds({ view }: Source, instant: string): { newest: string; oldest?: string; known: string } {
  const now = instantLiteral(instant);
  // Sub-selects, because Postgres evaluates them once and not for every row.
  const shifted = (sign: '+' | '-', text: string): string => `(select ${now} ${sign} ${intervalSql(text)})`;
  return {
    newest: now,
    ...(view?.ttl !== undefined && { oldest: shifted('-', view.ttl) }),
    known: shifted('+', view?.lag ?? '0 hours'),
  };
}

/** Returns the `from` clause of a source, with the alias that the conditions use. */
export const fromSource = ({ table }: Source): string => `from ${quoteTable(table)} source`;
