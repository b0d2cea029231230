// Measures how long after their timestamp the rows of a view became known.
import pg from 'pg';
import { type ViewDefinition } from '../../domain/model/definition.ts';
import { type Queryable, quoteColumn, quoteTable } from '../postgres/sql-text.ts';
import { instantValueSql } from './usable-instant-sql.ts';

// With a million rows, the rank of the 99th percentile is accurate to a few hundredths of a percent.
const MAX_ROWS = 1_000_000;

/** How long after their timestamp the rows of a view became known. */
export interface KnownDelay {
  /** Number of rows it was measured on; of a large table, a sample. */
  readonly rows: number;
  /** The 99th percentile in seconds; null if there are no rows. */
  readonly p99: number | null;
}

/**
 * Measures the delay of a view that has `known`. Leaves out backfilled rows, which were known before `knownSince`, and
 * rows whose `known` is null or infinite.
 */
export async function measureKnownDelay(client: Queryable, view: ViewDefinition): Promise<KnownDelay> {
  if (view.known === undefined) return { rows: 0, p99: null };
  const at = instantValueSql(`source.${quoteColumn(view.timestamp)}`);
  const known = instantValueSql(`source.${quoteColumn(view.known)}`);
  const since =
    view.knownSince === undefined ? '' : `and ${known} >= ${pg.escapeLiteral(view.knownSince)}::timestamptz`;
  const { rows } = await client.query<{ rows: number; p99: number | null }>(
    `select count(*)::int as rows, extract(epoch from percentile_disc(0.99) within group (order by delay))::float8 as p99
     from (
       select ${known} - ${at} as delay
       from ${quoteTable(view.table)} source ${await sampleClause(client, view.table)}
       where isfinite(${known}) and isfinite(${at}) ${since}
     ) delays`,
  );
  return rows[0] ?? { rows: 0, p99: null };
}

/** Returns a clause that samples a large table by blocks; a SQL view cannot be sampled and is read completely. */
async function sampleClause(client: Queryable, table: string): Promise<string> {
  const { rows } = await client.query<{ rows: number }>(
    `select reltuples::float8 as rows from pg_class where oid = to_regclass($1) and relkind in ('r', 'm', 'p')`,
    [quoteTable(table)],
  );
  const estimated = rows[0]?.rows ?? 0;
  if (estimated <= MAX_ROWS) return '';
  return `tablesample system (${((100 * MAX_ROWS) / estimated).toFixed(6)}) repeatable (1)`;
}
