// Marks: a mark records the state of the source tables at one look, so that a later look finds what has changed since
// then.
import type pg from 'pg';
import { quoteTable } from '../postgres/sql-text.ts';
import { fromSource, type Source } from './source.ts';
import { type Parts, type SourceMark, type TableMark } from '../postgres/source-mark.ts';

/** A look at the source tables: what one REPEATABLE READ transaction sees of them. */
export interface Look {
  readonly asOf: string;
  /** Number of the look's own transaction. */
  readonly xid: bigint;
  readonly horizon: bigint;
  readonly snapshot: string;
  /** One for each source, in the order of the sources. */
  readonly tables: readonly SourceTable[];
}

/** A source as the Postgres catalog describes it. */
export interface SourceTable {
  readonly oid: number;
  readonly parts: Parts;
  /** Why changes cannot be found in its rows, such as `is a view`; null if they can. */
  readonly unmarked: string | null;
}

/** Begins a look. No other query may have run in the transaction before, because the first one takes the snapshot. */
export async function beginLook(
  client: pg.ClientBase,
  sources: readonly Source[],
  asOf: Date,
): Promise<Look> {
  const { rows } = await client.query<{ xid: string; horizon: string; snapshot: string }>(
    `select pg_current_xact_id()::text as xid, pg_snapshot_xmin(pg_current_snapshot())::text as horizon,
            pg_current_snapshot()::text as snapshot`,
  );
  const [ids = { xid: '0', horizon: '0', snapshot: '' }] = rows;
  return {
    asOf: asOf.toISOString(),
    xid: BigInt(ids.xid),
    horizon: BigInt(ids.horizon),
    snapshot: ids.snapshot,
    tables: await describeSources(client, sources),
  };
}

const UNMARKED: Readonly<Record<string, string>> = { v: 'is a view', f: 'is a foreign table' };

/**
 * Reads the catalog description of each source. The description covers only the columns that online rows are made
 * from, so that adding another column changes nothing. For an enumeration it includes the labels, because renaming a
 * label writes no row and would otherwise go unnoticed.
 */
async function describeSources(client: pg.ClientBase, sources: readonly Source[]): Promise<SourceTable[]> {
  const asked = sources.map(({ table, timestamp, keys, view }, place) => ({
    place,
    name: quoteTable(table),
    columns: [
      timestamp,
      ...keys.map(({ column }) => column),
      ...(view?.known === undefined ? [] : [view.known]),
      ...Object.keys(view?.columns ?? {}),
    ],
  }));
  const { rows } = await client.query<{
    place: number;
    root: number;
    oid: number;
    kind: string;
    secured: boolean;
    part: string;
  }>(
    `with recursive asked as (
       select place, to_regclass(name)::oid as root, columns
       from jsonb_to_recordset($1::jsonb) as asked (place int, name text, columns jsonb)
     ), tree as (
       select place, root, columns, root as oid from asked where root is not null
       union
       select place, root, columns, inhrelid from tree join pg_inherits on inhparent = tree.oid
     )
     select place, root::int8, tree.oid::int8, relkind as kind, row_security_active(root) as secured,
            md5(concat_ws('|', relkind, pg_relation_filenode(tree.oid), (
              select string_agg(concat_ws(',', attname, attnum, atttypid, atttypmod, attmissingval::text,
                       case when attgenerated <> '' then
                         (select pg_get_expr(adbin, adrelid) from pg_attrdef where adrelid = attrelid and adnum = attnum)
                       end,
                       (select string_agg(enumlabel, ',' order by enumsortorder) from pg_enum
                        where enumtypid in (pg_type.oid, pg_type.typbasetype))), ';' order by attnum)
              from pg_attribute join pg_type on pg_type.oid = atttypid
              where attrelid = tree.oid and not attisdropped and columns ? attname))) as part
     from tree join pg_class on pg_class.oid = tree.oid
     order by place, tree.oid`,
    [JSON.stringify(asked)],
  );
  return sources.map((_, position) => {
    const parts = rows.filter(({ place }) => place === position);
    const root = parts.find(({ root, oid }) => root === oid);
    const foreign = parts.some(({ kind }) => kind === 'f') ? 'has foreign partitions' : null;
    return {
      oid: root?.root ?? 0,
      parts: Object.fromEntries(parts.map(({ oid, part }) => [oid, part])),
      unmarked: UNMARKED[root?.kind ?? ''] ?? (root?.secured ? 'is under row-level security' : foreign),
    };
  });
}

/** Returns the maximum age, in transactions, of a row that was written at or after a horizon. */
export const ageOf = (look: Look, horizon: bigint): bigint => look.xid - horizon;

/** SQL for a number that identifies a version of a row and can be summed. */
export const TUPLE = `hashtextextended(concat(source.tableoid, source.ctid, source.xmin), 0)`;

/** Takes the mark of a look: counts the rows of each source table that the look sees. */
export async function takeMark(
  client: pg.ClientBase,
  sources: readonly Source[],
  look: Look,
): Promise<SourceMark> {
  const isOpen = `age(source.xmin) <= ${ageOf(look, look.horizon)}`;
  const tables: (TableMark | null)[] = [];
  for (const [position, source] of sources.entries()) {
    const { oid, parts, unmarked } = look.tables[position] as SourceTable;
    if (unmarked !== null) {
      tables.push(null);
      continue;
    }
    const { rows } = await client.query<{ settled: number; open: string | null }>(
      `select count(*) filter (where not ${isOpen}) as settled, (sum(${TUPLE}) filter (where ${isOpen}))::text as open
       ${fromSource(source)}`,
    );
    const [{ settled, open } = { settled: 0, open: null }] = rows;
    tables.push({ oid, parts, settled, open });
  }
  return markOf(look, tables);
}

/** Builds the mark of a look from the counts of its tables. */
export const markOf = (look: Look, tables: readonly (TableMark | null)[]): SourceMark => ({
  asOf: look.asOf,
  horizon: String(look.horizon),
  snapshot: look.snapshot,
  tables,
});
