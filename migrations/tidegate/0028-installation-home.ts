// Where an installation's database stands, so that a copy of it is noticed.
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<never>): Promise<void> {
  // The server's identifier and the database's number: a copy or a restored dump has others, a standby has the same. Null
  // on servers that do not say.
  await sql`
    create function tidegate.current_home() returns text language plpgsql stable as $$
    begin
      return (select c.system_identifier::text from pg_control_system() c) || '/' ||
             (select d.oid::text from pg_database d where d.datname = current_database());
    exception when insufficient_privilege then
      return null;
    end $$`.execute(db);
  await sql`
    create table tidegate.installation_home (
      home        text primary key,
      recorded_by text not null check (tidegate.is_name(recorded_by)),
      recorded_at timestamptz not null default now()
    )`.execute(db);
  await sql`
    insert into tidegate.installation_home (home, recorded_by)
    select tidegate.current_home(), 'tidegate' where tidegate.current_home() is not null`.execute(db);
}
