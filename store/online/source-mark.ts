// A mark: what the source tables held at one look, so that a later look finds what has changed since.
import type pg from 'pg';
import { quoteTable } from '../features/identifiers.ts';
import { fromSource, type Source } from './source.ts';

/** What one table held. */
export interface TableMark {
  readonly oid: number;
  /** Rows written before the horizon; a later count that differs means rows removed or rewritten. */
  readonly settled: number;
  /** The same of the rows written since: a sum over which rows they are, null where there are none. */
  readonly open: string | null;
}

/** What the sources of a definition held, as a look at one instant saw them. */
export interface SourceMark {
  /** The instant that the look spoke about, ISO 8601. */
  readonly asOf: string;
  /** The oldest transaction that was open, as its number: what it or a later one wrote may not have been seen. */
  readonly horizon: string;
  /** Which transactions were seen, as `pg_snapshot`. */
  readonly snapshot: string;
  /** Rows that became known later than this may not have been seen, ISO 8601. */
  readonly knownBy: string;
  /** By position of the source; null for a SQL view or foreign table, whose rows do not say who wrote them. */
  readonly tables: readonly (TableMark | null)[];
}

/** A look at the sources under way, inside a REPEATABLE READ transaction. */
export interface Look {
  readonly asOf: string;
  readonly knownBy: string;
  /** Number of the transaction itself. */
  readonly xid: bigint;
  readonly horizon: bigint;
  readonly snapshot: string;
  /** By position of the source: its oid where its rows say which transaction wrote them. */
  readonly oids: readonly (number | null)[];
}

/**
 * Begins a look. The transaction must have begun with nothing else, since its first statement fixes what it sees.
 *
 * @param knownBy the instant up to which what is known is complete (`labelsKnownBy`), read before the transaction
 */
export async function beginLook(
  client: pg.ClientBase,
  sources: readonly Source[],
  asOf: Date,
  knownBy: string,
): Promise<Look> {
  const { rows } = await client.query<{ xid: string; horizon: string; snapshot: string }>(
    `select pg_current_xact_id()::text as xid, pg_snapshot_xmin(pg_current_snapshot())::text as horizon,
            pg_current_snapshot()::text as snapshot`,
  );
  const [ids = { xid: '0', horizon: '0', snapshot: '' }] = rows;
  const { rows: tables } = await client.query<{ oid: number | null }>(
    `select case when relkind in ('r', 'p', 'm') then oid::int8 end as oid
     from unnest($1::text[]) with ordinality as source (name, place)
     join pg_class on oid = to_regclass(source.name)
     order by place`,
    [sources.map(({ table }) => quoteTable(table))],
  );
  return {
    asOf: asOf.toISOString(),
    knownBy,
    xid: BigInt(ids.xid),
    horizon: BigInt(ids.horizon),
    snapshot: ids.snapshot,
    oids: tables.map(({ oid }) => oid),
  };
}

/** How young a row must be, in transactions, to have been written at or after a horizon. */
export const ageOf = (look: Look, horizon: bigint): bigint => look.xid - horizon;

/** Which version of which row this is, as a number that can be summed. */
export const TUPLE = `hashtextextended(concat(source.tableoid, source.ctid, source.xmin), 0)`;

/** Takes the mark of a look by counting its tables. */
export async function takeMark(
  client: pg.ClientBase,
  sources: readonly Source[],
  look: Look,
): Promise<SourceMark> {
  const isOpen = `age(source.xmin) <= ${ageOf(look, look.horizon)}`;
  const tables: (TableMark | null)[] = [];
  for (const [position, source] of sources.entries()) {
    const oid = look.oids[position] ?? null;
    if (oid === null) {
      tables.push(null);
      continue;
    }
    const { rows } = await client.query<{ settled: number; open: string | null }>(
      `select count(*) filter (where not ${isOpen}) as settled, (sum(${TUPLE}) filter (where ${isOpen}))::text as open
       ${fromSource(source)}`,
    );
    const [{ settled, open } = { settled: 0, open: null }] = rows;
    tables.push({ oid, settled, open });
  }
  return markOf(look, tables);
}

/** The mark of a look whose tables are counted. */
export const markOf = (look: Look, tables: readonly (TableMark | null)[]): SourceMark => ({
  asOf: look.asOf,
  horizon: String(look.horizon),
  snapshot: look.snapshot,
  knownBy: look.knownBy,
  tables,
});
