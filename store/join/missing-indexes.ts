// Finds the indexes that the joins of a definition need but that do not exist.
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { type Queryable, quoteColumn, quoteTable } from '../postgres/sql-text.ts';
import { viewKeys } from './spine-sql.ts';

/** An index that is needed but does not exist. */
export interface MissingIndex extends WantedIndex {
  /** Rows of the table as Postgres estimates them; −1 if the table was never analysed. */
  readonly rows: number;
}

/**
 * Returns the needed indexes that are missing. An existing valid index serves if it begins with the keys, in any order,
 * followed by the first of the times. SQL views are left out, because they have no indexes.
 */
export async function missingIndexes(
  client: Queryable,
  definition: ModelDefinition,
): Promise<MissingIndex[]> {
  const missing: MissingIndex[] = [];
  for (const wanted of wantedIndexes(definition)) {
    const { rows, indexes } = await tableOf(client, wanted.table);
    if (indexes && !indexes.some((index) => serves(index, wanted))) missing.push({ ...wanted, rows });
  }
  return missing;
}

interface Indexed {
  /** Estimated by Postgres. */
  readonly rows: number;
  /** Columns of each index, in order; absent if the relation cannot have an index. */
  readonly indexes?: readonly (readonly string[])[];
}

async function tableOf(client: Queryable, table: string): Promise<Indexed> {
  const { rows } = await client.query<{ rows: number; columns: string[] | null }>(
    `select reltuples::float8 as rows,
            (select array_agg(attname::text order by place)
             from unnest(indkey[0:indnkeyatts - 1]) with ordinality as part (number, place)
             join pg_attribute on attrelid = indrelid and attnum = number) as columns
     from pg_class left join pg_index on indrelid = pg_class.oid and indisvalid and indpred is null
     where pg_class.oid = to_regclass($1) and relkind in ('r', 'm', 'p')`,
    [quoteTable(table)],
  );
  const [first] = rows;
  return first ? { rows: first.rows, indexes: rows.map(({ columns }) => columns ?? []) } : { rows: 0 };
}

function serves(index: readonly string[], { columns, times }: WantedIndex): boolean {
  const keys = columns.slice(0, columns.length - times);
  const first = index.slice(0, keys.length);
  return keys.every((key) => first.includes(key)) && index[keys.length] === columns[keys.length];
}

/** An index that a join needs. */
interface WantedIndex {
  readonly table: string;
  /** The columns in the order of the index. */
  readonly columns: readonly string[];
  /** How many columns at the end are times: the timestamp, and when a row became known. */
  readonly times: number;
  /** What it is used for, in a few words. */
  readonly use: string;
}

/** Lists the indexes that a definition needs: on the entity rows by time, on each view and the label by keys and time. */
function wantedIndexes(definition: ModelDefinition): WantedIndex[] {
  const { rows, features, label, entity } = definition;
  const wanted = [
    { table: rows.table, columns: [rows.timestamp], times: 1, use: 'the rows of a window' },
    ...features.map((view) => ({
      table: view.table,
      columns: [
        ...viewKeys(definition, view).map(({ column }) => column),
        view.timestamp,
        ...(view.known === undefined ? [] : [view.known]),
      ],
      times: view.known === undefined ? 1 : 2,
      use: 'the latest values of an entity',
    })),
    { table: label.table, columns: [...entity.keys, label.timestamp], times: 1, use: 'the label of a row' },
  ];
  const seen = new Set<string>();
  return wanted.filter(({ table, columns }) => {
    const name = JSON.stringify([table, columns]);
    return !seen.has(name) && seen.add(name);
  });
}

/** Builds the statement that creates an index without blocking writers. */
export const createIndexSql = ({ table, columns }: WantedIndex): string =>
  `create index concurrently on ${quoteTable(table)} (${columns.map(quoteColumn).join(', ')})`;

/** The name of a table, plain and quoted for SQL. */
interface NamedTable {
  readonly name: string;
  readonly quoted: string;
}

/** Returns the tables that contain rows but were never analysed. */
export async function tablesWithoutStatistics(
  client: Queryable,
  { rows: spine, features, label }: ModelDefinition,
): Promise<NamedTable[]> {
  const names = [...new Set([spine.table, ...features.map(({ table }) => table), label.table])];
  const { rows } = await client.query<{ name: string }>(
    `select name
     from unnest($1::text[], $2::text[]) as used (name, quoted)
     join pg_class on pg_class.oid = to_regclass(quoted)
     where relkind in ('r', 'm') and pg_relation_size(pg_class.oid) > 0
       and not exists (select from pg_statistic where starelid = pg_class.oid)`,
    [names, names.map(quoteTable)],
  );
  return rows.map(({ name }) => ({ name, quoted: quoteTable(name) }));
}
