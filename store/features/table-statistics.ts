// Which tables of a definition Postgres knows nothing about, so that it guesses how to join them.
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { type Queryable } from '../queryable.ts';
import { quoteTable } from './identifiers.ts';

/** A table by its name, and quoted for SQL. */
export interface NamedTable {
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
