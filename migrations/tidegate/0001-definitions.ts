// Models and their definition versions.
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<never>): Promise<void> {
  await sql`create schema if not exists tidegate`.execute(db);
  await sql`
    create table tidegate.model (
      name        text primary key,
      -- What may never change; a new value is a new model.
      entity_keys jsonb not null,
      label       jsonb not null,
      holdout     jsonb not null,
      created_at  timestamptz not null default now()
    )`.execute(db);
  await sql`
    create table tidegate.definition (
      model      text not null references tidegate.model (name),
      version    int not null check (version >= 1),
      -- json and not jsonb: it keeps the features in the order in which they were written.
      body       json not null,
      digest     text not null,
      applied_by text not null,
      applied_at timestamptz not null default now(),
      primary key (model, version)
    )`.execute(db);
  await sql`
    create function tidegate.refuse_change() returns trigger language plpgsql as $$
    begin
      raise exception 'rows of tidegate.% are never changed or deleted', tg_table_name
        using errcode = 'TG001';
    end $$`.execute(db);
  await sql`
    create trigger definition_append_only before update or delete or truncate on tidegate.definition
    for each statement execute function tidegate.refuse_change()`.execute(db);
}
