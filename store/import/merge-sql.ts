// Compares staged rows with a table and adds what is new.
import { quoteColumn } from '../postgres/sql-text.ts';
import { type ImportTable, type TableColumn } from './rows/import-table.ts';
import { ROW, STAGING } from './staging.ts';
import type pg from 'pg';
import { type ImportProblems } from './problems.ts';
import { type RowSource } from './rows/row-source.ts';

// Parameters of both statements: $1 is the instant at which the rows became known, or null; $2 is the as-of instant,
// unless each row has its own time.

/**
 * Returns the statement that adds the staged rows with new information and counts them: `inserted` if no version was
 * known for the entity and time, `changed` if one with other values was.
 *
 * The first version of a row is recorded as known at its time: the as-of instant or the row's own time. A later
 * version is recorded as known now, but always after the version that it changes, even if that one became known in
 * the future.
 *
 * @example
 * with fresh as materialized (
 *   select s.*, latest."loaded_at" as before
 *   from pg_temp.tidegate_import s
 *   left join lateral (
 *     select t.* from "public"."labels" t
 *     where t."user_id" = s."user_id" and t."as_of" = $2 and ($1 is null or t."loaded_at" <= $1)
 *     order by t."loaded_at" desc limit 1) latest on true
 *   where latest."loaded_at" is null or (s."churn_label") is distinct from (latest."churn_label"))
 * , added as (insert into "public"."labels" … select … from fresh)
 * select count(*) filter (where before is null) as inserted, … from fresh
 */
export function mergeSql(table: ImportTable): string {
  const { at, by, known } = timesOf(table);
  const names = table.columns
    .filter(({ name }) => name !== table.timestamp.name)
    .map(({ name }) => quoteColumn(name))
    .join(', ');
  const firstKnown = `${at('fresh')}::timestamptz::${table.known.type}`;
  const laterKnown = `greatest(now()::${table.known.type}, before + interval '1 microsecond')`;
  return `
    with fresh as materialized (
      select s.*, latest.${known} as before
      from ${STAGING} s
      left join lateral (
        select t.* from ${table.sql} t
        where ${sameRow(table)} and (${by} is null or t.${known} <= ${by})
        order by t.${known} desc limit 1) latest on true
      where latest.${known} is null or ${differs(table, 'latest')}
    ), added as (
      insert into ${table.sql} (${quoteColumn(table.timestamp.name)}, ${known}, ${names})
      select ${at('fresh')}, coalesce(${by}, case when before is null then ${firstKnown} else ${laterKnown} end), ${names}
      from fresh
    )
    select (count(*) filter (where before is null))::float8 as inserted,
           (count(*) filter (where before is not null))::float8 as changed
    from fresh`;
}

/**
 * Returns the statement that finds rows of the file whose entity has other values that became known at exactly $1:
 * the first 20 rows and the total number. Two versions cannot become known at the same instant.
 */
export function conflictSql(table: ImportTable): string {
  const { by, known } = timesOf(table);
  return `
    select s.${ROW}::float8 as row, (count(*) over ())::float8 as found
    from ${STAGING} s
    join ${table.sql} t on ${sameRow(table)} and t.${known} = ${by}
    where ${differs(table, 't')}
    order by 1
    limit 20`;
}

// Both casts are needed, so that a column of type date or timestamp receives the date or time in UTC.
const timesOf = (table: ImportTable) => ({
  at: (rows: string) =>
    table.rowTime
      ? `${rows}.${quoteColumn(table.timestamp.name)}`
      : `$2::timestamptz::${table.timestamp.type}`,
  by: `$1::timestamptz::${table.known.type}`,
  known: quoteColumn(table.known.name),
});

function sameRow(table: ImportTable): string {
  const sameKey = table.columns
    .filter(({ name }) => table.key.includes(name) && name !== table.timestamp.name)
    .map((column) => `${compared('t', column)} = ${compared('s', column)}`);
  return [...sameKey, `t.${quoteColumn(table.timestamp.name)} = ${timesOf(table).at('s')}`].join(' and ');
}

function differs(table: ImportTable, other: string): string {
  const values = table.columns.filter(({ name }) => !table.key.includes(name));
  if (values.length === 0) return 'false';
  const row = (alias: string): string => values.map((column) => compared(alias, column)).join(', ');
  return `row(${row('s')}) is distinct from row(${row(other)})`;
}

/**
 * Returns the SQL of a value for comparisons. A domain is cast to its base type, because Postgres has no = for a
 * domain over an enumeration.
 */
function compared(alias: string, { name, type, baseType }: TableColumn): string {
  const value = `${alias}.${quoteColumn(name)}`;
  return type === baseType ? value : `${value}::${baseType}`;
}

/** The as-of instant of the rows of an import, and when they became known. */
export interface ImportTimes {
  /** Undefined if each row has its own time. */
  readonly asOf: Date | undefined;
  readonly knownAt: Date | undefined;
}

/** Number of rows of a file that were added. */
export interface Merged {
  readonly inserted: number;
  readonly changed: number;
}

/** Adds the staged rows to the table and locks it against other writers until the transaction ends. */
export async function mergeStaged(
  client: pg.ClientBase,
  source: Pick<RowSource, 'place'>,
  table: ImportTable,
  { asOf, knownAt }: ImportTimes,
  problems: ImportProblems,
): Promise<Merged> {
  await client.query(`lock table ${table.sql} in share row exclusive mode`);
  const known = knownAt?.toISOString() ?? null;
  const times = asOf && !table.rowTime ? [known, asOf.toISOString()] : [known];
  if (knownAt) {
    const { rows } = await client.query<{ row: number; found: number }>(conflictSql(table), times);
    for (const { row } of rows) {
      problems.add(source.place(row), `other values are already known at ${knownAt.toISOString()}`, row);
    }
    problems.addUnnamed((rows[0]?.found ?? 0) - rows.length);
    if (rows.length > 0) return { inserted: 0, changed: 0 };
  }
  const { rows } = await client.query<Merged>(mergeSql(table), times);
  const { inserted, changed } = rows[0] ?? { inserted: 0, changed: 0 };
  // The next queries are planned with these statistics; autovacuum would update them only after a minute or so.
  if (inserted + changed > 0) await client.query(`analyze ${table.sql}`);
  return { inserted, changed };
}
