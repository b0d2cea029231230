// What Postgres says of the columns of a source table.
import { type Queryable, quoteTable } from '../postgres/sql-text.ts';

/** The type of a column. */
export interface ColumnType {
  /** As Postgres writes it, without length or scale; `text` for an enumeration, the type beneath all domains for a domain. */
  readonly type: string;
  /** The same, but an enumeration by its own name: its values are compared with those of the same one only. */
  readonly exactType: string;
  /** The domain that the column is declared with; null if it is none. */
  readonly domain: string | null;
  /** Whether a `numeric` says how many digits it has after the point; true for every other type. */
  readonly hasScale: boolean;
}

/** Column types by name; `undefined` where there is no such table or view. */
export type TableColumns = ReadonlyMap<string, ColumnType> | undefined;

/** The type beneath the domains of a column of `pg_attribute`, however many stand on each other, and its modifier. */
export const BASE_TYPE_SQL = `
  with recursive beneath (type, modifier, depth) as (
    select atttypid, atttypmod, 0
    union all
    select typbasetype, greatest(modifier, typtypmod), depth + 1
    from beneath join pg_type on pg_type.oid = beneath.type where typtype = 'd'
  )
  select type, modifier from beneath order by depth desc limit 1`;

/** Reads the columns of a table or view. */
export async function columnsOf(client: Queryable, table: string): Promise<TableColumns> {
  const { rows } = await client.query<ColumnType & { name: string }>(
    `select attname as name,
            case when pg_type.typtype = 'e' then 'text' else format_type(base.type, null) end as type,
            format_type(base.type, null) as "exactType",
            case when base.type <> atttypid then format_type(atttypid, null) end as domain,
            base.type <> 'numeric'::regtype or base.modifier <> -1 as "hasScale"
     from pg_attribute
     cross join lateral (${BASE_TYPE_SQL}) base
     join pg_type on pg_type.oid = base.type
     where attrelid = to_regclass($1) and attnum > 0 and not attisdropped
     order by attnum`,
    [quoteTable(table)],
  );
  return rows.length === 0 ? undefined : new Map(rows.map(({ name, ...column }) => [name, column]));
}

/** The columns of several tables, each read once. */
export async function columnsOfAll(
  client: Queryable,
  tables: Iterable<string>,
): Promise<ReadonlyMap<string, TableColumns>> {
  const found = new Map<string, TableColumns>();
  for (const table of tables) if (!found.has(table)) found.set(table, await columnsOf(client, table));
  return found;
}

/** Types by family: keys of one family are compared as what they are, by the same index. */
const FAMILIES: Readonly<Record<string, string>> = {
  smallint: 'whole number',
  integer: 'whole number',
  bigint: 'whole number',
  text: 'text',
  'character varying': 'text',
  character: 'character',
  numeric: 'numeric',
  uuid: 'uuid',
  date: 'date',
  boolean: 'boolean',
  'timestamp with time zone': 'timestamp with time zone',
  'timestamp without time zone': 'timestamp without time zone',
};

/** The family of a key's type; undefined where it can be no key, since equal values may have different texts. */
export const keyFamily = ({ type, exactType }: ColumnType): string | undefined =>
  // An enumeration is told as text, and is compared with its own kind alone.
  type !== exactType ? exactType : FAMILIES[type];

/** The types that a key may have, for people. */
export const KEY_TYPES = `${Object.keys(FAMILIES).join(', ')} or an enumeration`;
