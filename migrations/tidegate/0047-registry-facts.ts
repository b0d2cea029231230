// What people write about models and versions: tags, descriptions, aliases and comments.
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<never>): Promise<void> {
  // Version 0 means the model itself. The key of a description is empty, which no tag has.
  await sql`
    create table tidegate.tag (
      model   text not null references tidegate.model (name),
      version int not null check (version >= 0),
      key     text not null check (length(key) <= 250),
      value   text not null check (length(value) <= 5000),
      set_by  text not null check (tidegate.is_name(set_by)),
      set_at  timestamptz not null default now(),
      primary key (model, version, key)
    )`.execute(db);
  await sql`
    create table tidegate.alias (
      model   text not null,
      alias   text not null check (length(alias) <= 250),
      version int not null,
      set_by  text not null check (tidegate.is_name(set_by)),
      set_at  timestamptz not null default now(),
      primary key (model, alias),
      foreign key (model, version) references tidegate.version (model, version),
      -- They follow the stages.
      check (lower(alias) not in ('champion', 'challenger'))
    )`.execute(db);
  await sql`
    create table tidegate.version_comment (
      id        bigint generated always as identity primary key,
      model     text not null,
      version   int not null,
      text      text not null check (length(text) between 1 and 5000),
      actor     text not null check (tidegate.is_name(actor)),
      authority text not null,
      at        timestamptz not null default clock_timestamp(),
      foreign key (model, version) references tidegate.version (model, version)
    )`.execute(db);
  await sql`create index version_comment_of on tidegate.version_comment (model, version, id)`.execute(db);
  await sql`
    create trigger version_comment_append_only before update or delete or truncate on tidegate.version_comment
    for each statement execute function tidegate.refuse_change()`.execute(db);
}
