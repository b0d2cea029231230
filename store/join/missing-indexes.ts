// Which of the indexes that the joins of a definition want are not there.
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { type Queryable, quoteColumn, quoteTable } from '../postgres/sql-text.ts';
import { viewKeys } from './spine-sql.ts';

/** A wanted index that is not there. */
export interface MissingIndex extends WantedIndex {
  /** Rows of the table, as Postgres estimates them; −1 where it never counted. */
  readonly rows: number;
}

/**
 * The wanted indexes that no valid index of the table begins with, the keys in any order before the times. A SQL view
 * has no indexes, and nothing is said of it.
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
  /** As Postgres estimates them. */
  readonly rows: number;
  /** Columns of each index, in order; none where the table can have no index. */
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

/** An index that a join wants. */
interface WantedIndex {
  readonly table: string;
  /** In the order in which an index must begin with them. */
  readonly columns: readonly string[];
  /** How many of them, at the end, are times: the timestamp, and when a row became known. */
  readonly times: number;
  /** What it is for, in a word or two. */
  readonly use: string;
}

/** The indexes that a definition wants: of the spine by time, of each view and of the label by keys and time. */
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

/** The statement that makes an index without locking writers out. */
export const createIndexSql = ({ table, columns }: WantedIndex): string =>
  `create index concurrently on ${quoteTable(table)} (${columns.map(quoteColumn).join(', ')})`;

/** A table by its name, and quoted for SQL. */
interface NamedTable {
  readonly name: string;
  readonly quoted: string;
}

/** The tables that hold rows and were never analysed. */
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
