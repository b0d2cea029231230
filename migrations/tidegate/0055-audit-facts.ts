// Tags, descriptions and aliases are events of the audit log too: set, and removed.
import { type Kysely, sql } from 'kysely';

const AUDITED = [
  { what: 'tag', subject: 'model,version,key', columns: 'model,version,key,value,set_by,set_at' },
  { what: 'alias', subject: 'model,alias', columns: 'model,alias,version,set_by,set_at' },
] as const;

export async function up(db: Kysely<never>): Promise<void> {
  // Who removes a row is not in the row: the transaction says it. Arguments: kind, columns of the subject.
  await sql`
    create function tidegate.audit_removal() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    set timezone = 'UTC' as $$
    declare
      stored constant json := to_json(old);
      names constant text[] := string_to_array(tg_argv[1], ',');
    begin
      perform tidegate.audit(
        stored ->> 'model', tg_argv[0],
        (select string_agg(stored ->> c, '/' order by n) from unnest(names) with ordinality as u(c, n)),
        coalesce(nullif(current_setting('tidegate.actor', true), ''), 'unknown'),
        tidegate.audit_body(stored, names, '{}'));
      return null;
    end $$`.execute(db);
  await sql`
    select set_config('tidegate.timezone', current_setting('timezone'), true),
      set_config('timezone', 'UTC', true)`.execute(db);
  for (const { what, subject, columns } of AUDITED) {
    const names = sql.join(columns.split(',').map((column) => sql.lit(column)));
    await sql`
      create constraint trigger ${sql.id(`audit_${what}_set`)} after insert or update on ${sql.id('tidegate', what)}
      deferrable initially deferred for each row
      execute function tidegate.audit_row(${sql.lit(`${what} set`)}, 'model', 'set_by', ${sql.lit(subject)}, ${sql.lit(columns)}, '')`.execute(
      db,
    );
    await sql`
      create constraint trigger ${sql.id(`audit_${what}_removed`)} after delete on ${sql.id('tidegate', what)}
      deferrable initially deferred for each row
      execute function tidegate.audit_removal(${sql.lit(`${what} removed`)}, ${sql.lit(subject)})`.execute(
      db,
    );
    await sql`
      insert into tidegate.audit_event (chain, kind, subject, actor, body)
      select r.model, ${sql.lit(`${what} set`)},
        concat_ws('/', ${sql.join(subject.split(',').map((column) => sql`to_json(r) ->> ${sql.lit(column)}`))}),
        r.set_by, tidegate.audit_body(to_json(r), array[${names}]::text[], '{}')
      from ${sql.id('tidegate', what)} r order by r.set_at`.execute(db);
  }
  await sql`select set_config('timezone', current_setting('tidegate.timezone'), true)`.execute(db);
}
