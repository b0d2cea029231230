// What API and worker may write is separated further: the API accepts no decision and makes only the moves that work
// without Temporal, and secrets of callers can be read only by those who make them.
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<never>): Promise<void> {
  // The roles have other names in each database. A worker is a role that may store evidence; a single login may do everything.
  await sql`
    create function tidegate.may_promote() returns boolean language sql stable as $$
      select has_table_privilege('tidegate.evidence', 'insert')
    $$`.execute(db);
  await sql`
    create function tidegate.check_writer() returns trigger language plpgsql as $$
    begin
      if tidegate.may_promote() then
        return new;
      end if;
      if tg_table_name = 'decision' then
        if new.accepted then
          raise exception 'only a worker accepts decisions, after it has verified them' using errcode = 'TG002';
        end if;
      elsif coalesce(new.reason, '') not in ('withdrawn', 'rolled_back', 'rollback') then
        raise exception 'only a worker moves a version because it is %', new.reason using errcode = 'TG002';
      end if;
      return new;
    end $$`.execute(db);
  for (const table of ['decision', 'transition']) {
    // Triggers run in the order of their names: this one is the first.
    await sql`
      create trigger ${sql.id(`a_${table}_writer`)} before insert on ${sql.id('tidegate', table)}
      for each row execute function tidegate.check_writer()`.execute(db);
  }
  // Privileges on a table do not bind a member of pg_read_all_data, but policies on its rows do. The owner is not limited.
  for (const table of ['api_key', 'session', 'sign_in_link']) {
    const name = sql.lit(`tidegate.${table}`);
    await sql`alter table ${sql.id('tidegate', table)} enable row level security`.execute(db);
    await sql`
      create policy ${sql.id(`${table}_of_its_makers`)} on ${sql.id('tidegate', table)}
      using (has_table_privilege(${name}, 'insert')) with check (has_table_privilege(${name}, 'insert'))`.execute(
      db,
    );
  }
}
