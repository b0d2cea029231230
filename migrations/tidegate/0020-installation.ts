// Which installation a database is, so that two of them do not take each other's schedules and runs in one namespace.
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create table tidegate.installation (
      id         uuid not null,
      created_at timestamptz not null default now()
    )`.execute(db);
  await sql`create unique index one_installation on tidegate.installation ((true))`.execute(db);
  await sql`insert into tidegate.installation (id) values (gen_random_uuid())`.execute(db);
  await sql`
    create trigger installation_fixed before update or delete or truncate on tidegate.installation
    for each statement execute function tidegate.refuse_change()`.execute(db);
  // Installations in whose place this one stands: what carries their id is its own.
  await sql`
    create table tidegate.adopted_installation (
      id         uuid primary key,
      adopted_by text not null check (tidegate.is_name(adopted_by)),
      adopted_at timestamptz not null default now()
    )`.execute(db);
}
