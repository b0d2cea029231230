// Reads a table that an import fills from the Postgres catalog.
import type pg from 'pg';
import { BASE_TYPE_SQL } from '../../definitions/source-catalog.ts';
import { quoteColumn } from '../../postgres/sql-text.ts';

/** A column of the table. */
export interface TableColumn {
  readonly name: string;
  /** The type as Postgres spells it, with its modifier. */
  readonly type: string;
  /** Like `type`, but for a domain its base type. */
  readonly baseType: string;
  /** Whether the column is NOT NULL. */
  readonly required: boolean;
  /** The labels of an enumerated type; null for other types. */
  readonly labels: readonly string[] | null;
  /** Its name in the file. @default the name of the column */
  readonly header?: string;
}

/** The column of a file with the time of each row. */
export interface RowTime {
  /** Its name in the file. */
  readonly header: string;
  /** The latest accepted time. @default any */
  readonly latest?: Date | undefined;
}

/** A table with versions of rows: one version for each time at which values of an entity became known. */
export interface ImportTable {
  /** Schema and name, for messages. */
  readonly name: string;
  /** Schema and name, quoted for SQL. */
  readonly sql: string;
  /**
   * The columns that the file must have: the entity's key and its values, in the table's order; then `timestamp` if
   * there is a `rowTime`.
   */
  readonly columns: readonly TableColumn[];
  /**
   * Names of the columns that identify a row of a file: the primary key without `known`, and without `timestamp`
   * unless there is a `rowTime`.
   */
  readonly key: readonly string[];
  readonly timestamp: TableColumn;
  readonly known: TableColumn;
  /** The file's column with the time of each row; absent if the import sets the same time for all rows. */
  readonly rowTime?: RowTime | undefined;
}

/** The names that identify a table, its two time columns, and the file's column for the time of a row. */
export interface TableNames {
  readonly schema: string;
  readonly table: string;
  readonly timestamp: string;
  readonly known: string;
  readonly rowTime?: RowTime | undefined;
}

interface CatalogueRow extends TableColumn {
  readonly in_key: boolean;
  readonly computed: boolean;
}

const COLUMNS_OF_TABLE = `
  select a.attname                                        as name,
         format_type(a.atttypid, a.atttypmod)             as type,
         format_type(base.type, base.modifier)            as "baseType",
         a.attnotnull                                     as required,
         (select array_agg(enumlabel::text order by enumsortorder) from pg_enum where enumtypid = base.type) as labels,
         coalesce(a.attnum = any (i.indkey), false)       as in_key,
         a.attgenerated <> '' or a.attidentity = 'a'      as computed
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  cross join lateral (${BASE_TYPE_SQL}) base
  left join pg_index i on i.indrelid = c.oid and i.indisprimary
  where n.nspname = $1 and c.relname = $2 and c.relkind in ('r', 'p')
  order by a.attnum`;

/** Reads a table from the catalog. Returns a text instead if the table cannot be filled, with the reason. */
export async function findImportTable(
  client: pg.ClientBase,
  names: TableNames,
): Promise<ImportTable | string> {
  const name = `${names.schema}.${names.table}`;
  const { rows } = await client.query<CatalogueRow>(COLUMNS_OF_TABLE, [names.schema, names.table]);
  if (rows.length === 0) return `there is no table ${name}`;

  const named = (column: string): CatalogueRow | undefined => rows.find((row) => row.name === column);
  const timestamp = named(names.timestamp);
  const known = named(names.known);
  if (!timestamp || !/^(timestamp|date)/.test(timestamp.baseType)) {
    return `table ${name} needs a column ${names.timestamp} of type timestamptz: the time that a row describes`;
  }
  if (!known?.baseType.startsWith('timestamp')) {
    return `table ${name} needs a column ${names.known} of type timestamptz: the time at which a row became known`;
  }
  const others = rows.filter((row) => row !== timestamp && row !== known);
  const key = others.filter((row) => row.in_key);
  if (!timestamp.in_key || !known.in_key || key.length === 0) {
    return (
      `the primary key of table ${name} must be the entity's key, ${names.timestamp} and ${names.known}, ` +
      `so that the table can keep both a row and a later change of it`
    );
  }
  return {
    name,
    sql: `${quoteColumn(names.schema)}.${quoteColumn(names.table)}`,
    columns: [
      ...others.filter((row) => !row.computed),
      ...(names.rowTime ? [{ ...timestamp, header: names.rowTime.header }] : []),
    ],
    key: [...key, ...(names.rowTime ? [timestamp] : [])].map((column) => column.name),
    timestamp,
    known,
    rowTime: names.rowTime,
  };
}
