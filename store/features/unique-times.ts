// Whether a table can hold two rows of one entity that are equal in timestamp and in when they were known.
import { type ModelDefinition, type ViewDefinition } from '../../domain/model/definition.ts';
import { type Queryable } from '../queryable.ts';
import { quoteTable } from './identifiers.ts';
import { viewKeys } from './keys-sql.ts';

/** Whether a unique index of the view's table rules full ties out; never of a SQL view, for it has no index. */
export async function hasUniqueTimes(
  client: Queryable,
  definition: ModelDefinition,
  view: ViewDefinition,
): Promise<boolean> {
  const columns = [
    ...viewKeys(definition, view).map(({ column }) => column),
    view.timestamp,
    ...(view.known === undefined ? [] : [view.known]),
  ];
  const { rows } = await client.query<{ unique: boolean }>(
    `select exists (
       select from pg_index
       where indrelid = to_regclass($1) and indisunique and indisvalid and indpred is null and indexprs is null
         and (select array_agg(attname::text) from pg_attribute
              where attrelid = indrelid and attnum = any(indkey[0:indnkeyatts - 1])) <@ $2::text[]
     ) as unique`,
    [quoteTable(view.table), columns],
  );
  return rows[0]?.unique ?? false;
}
