// Reads the column types of source tables from the Postgres catalog.
import { type Queryable, quoteTable } from '../postgres/sql-text.ts';

/** The type of a column. */
export interface ColumnType {
  /** As Postgres writes it, without length or scale; `text` for an enumeration, the base type for a domain. */
  readonly type: string;
  /**
   * Like `type`, but for an enumeration its own name instead of `text`, because its values can only be compared with
   * values of the same enumeration.
   */
  readonly exactType: string;
  /** The domain that the column is declared with; null if there is none. */
  readonly domain: string | null;
  /** Whether a `numeric` declares its number of decimals; true for every other type. */
  readonly hasScale: boolean;
}

/** Column types by name; `undefined` if there is no such table or view. */
export type TableColumns = ReadonlyMap<string, ColumnType> | undefined;

/** SQL for the base type of a column of `pg_attribute` and its modifier, through any number of nested domains. */
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

/** Reads the columns of several tables, each once. */
export async function columnsOfAll(
  client: Queryable,
  tables: Iterable<string>,
): Promise<ReadonlyMap<string, TableColumns>> {
  const found = new Map<string, TableColumns>();
  for (const table of tables) if (!found.has(table)) found.set(table, await columnsOf(client, table));
  return found;
}

/** Families of types: keys of the same family can be compared without a cast and with the same index. */
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

/**
 * Returns the family of a key's type; undefined if the type cannot be a key, because equal values may have different
 * texts.
 */
export const keyFamily = ({ type, exactType }: ColumnType): string | undefined =>
  // An enumeration has `text` as its type, but can only be compared with itself.
  type !== exactType ? exactType : FAMILIES[type];

/** The types that a key may have, for messages. */
export const KEY_TYPES = `${Object.keys(FAMILIES).join(', ')} or an enumeration`;
