// Describes a schema from the Postgres catalog, to compare two databases.
import { type Database } from '../../store/postgres/database.ts';

// Ignores the order of a table's columns: it depends on the order in which migrations ran, and nothing relies on it.
const CATALOG = `
  with relation as (select * from pg_class where relnamespace = $1::text::regnamespace)
  select format('%s %s %s %s', relkind, relname, relacl, reloptions) as line from relation
  union all
  select format('column %s.%s %s null:%s default:%s identity:%s generated:%s storage:%s acl:%s', relname, attname,
    format_type(atttypid, atttypmod), not attnotnull, pg_get_expr(adbin, adrelid), attidentity, attgenerated, attstorage,
    attacl)
  from relation join pg_attribute a on attrelid = relation.oid and attnum > 0 and not attisdropped
    left join pg_attrdef on adrelid = attrelid and adnum = attnum
  where relkind in ('r', 'p', 'v', 'm')
  union all
  select format('constraint %s.%s %s validated:%s deferrable:%s deferred:%s', relname, conname, pg_get_constraintdef(c.oid),
    convalidated, condeferrable, condeferred)
  from pg_constraint c join relation on relation.oid = conrelid
  union all
  select 'index ' || pg_get_indexdef(indexrelid) from pg_index join relation on relation.oid = indrelid
  union all
  select format('trigger %s enabled:%s', pg_get_triggerdef(t.oid), tgenabled)
  from pg_trigger t join relation on relation.oid = tgrelid where not tgisinternal
  union all
  select format('function %s acl:%s', pg_get_functiondef(p.oid), proacl) from pg_proc p where pronamespace = $1::text::regnamespace
  union all
  select format('sequence %s %s from %s by %s, %s to %s', sequencename, data_type, start_value, increment_by, min_value,
    max_value)
  from pg_sequences where schemaname = $1::text
  union all
  select format('type %s %s', typname, typtype) from pg_type where typnamespace = $1::text::regnamespace and typtype in ('d', 'e')
  union all
  select format('comment on %s: %s', relname, description)
  from pg_description join relation on relation.oid = objoid and classoid = 'pg_class'::regclass
  union all
  select format('schema %s %s', nspname, nspacl) from pg_namespace where nspname = $1::text
  order by 1`;

/**
 * Returns the tables, columns with type and default, constraints, indexes, triggers, functions, sequences, types and
 * grants of a schema, one line each, in a fixed order.
 *
 * @example expect(await schemaSnapshot(old)).toEqual(await schemaSnapshot(fresh));
 */
export async function schemaSnapshot(database: Database, schema = 'tidegate'): Promise<string[]> {
  const { rows } = await database.pool.query<{ line: string }>(CATALOG, [schema]);
  return rows.map(({ line }) => line);
}
