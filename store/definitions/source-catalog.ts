// What Postgres says of the columns of a source table.
import { type Queryable } from '../queryable.ts';
import { quoteTable } from '../features/identifiers.ts';

/** The type of a column. */
export interface ColumnType {
  /** As Postgres writes it, without length or scale; `text` for an enumeration, the type beneath for a domain. */
  readonly type: string;
  /** The same, but an enumeration by its own name: its values are compared with those of the same one only. */
  readonly exactType: string;
  /** Whether a `numeric` says how many digits it has after the point; true for every other type. */
  readonly hasScale: boolean;
}

/** Column types by name; `undefined` where there is no such table or view. */
export type TableColumns = ReadonlyMap<string, ColumnType> | undefined;

/** Reads the columns of a table or view. */
export async function columnsOf(client: Queryable, table: string): Promise<TableColumns> {
  const { rows } = await client.query<ColumnType & { name: string }>(
    `select attname as name,
            case when base.typtype = 'e' then 'text' else format_type(base.oid, null) end as type,
            format_type(base.oid, null) as "exactType",
            base.oid <> 'numeric'::regtype or greatest(atttypmod, declared.typtypmod) <> -1 as "hasScale"
     from pg_attribute
     join pg_type declared on declared.oid = atttypid
     join pg_type base on base.oid = case when declared.typtype = 'd' then declared.typbasetype else declared.oid end
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
