// Which of the indexes that the joins of a definition want are not there.
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { type Queryable } from '../queryable.ts';
import { quoteTable } from './identifiers.ts';
import { type WantedIndex, wantedIndexes } from './wanted-indexes.ts';

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
