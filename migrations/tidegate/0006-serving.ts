// Online rows, predictions, and which server instance answers with which version.
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create table tidegate.online_row (
      model              text not null references tidegate.model (name),
      definition_version int not null,
      -- The entity's key columns as a JSON array of texts.
      entity_key         jsonb not null,
      as_of              timestamptz not null,
      row_time           timestamptz not null,
      features           jsonb not null,
      materialised_at    timestamptz not null default now(),
      primary key (model, definition_version, entity_key)
    )`.execute(db);
  await sql`
    create table tidegate.prediction (
      id         bigint generated always as identity primary key,
      model      text not null,
      version    int not null,
      entity_key jsonb,
      features   jsonb not null,
      score      double precision not null check (score between 0 and 1),
      instance   text not null,
      at         timestamptz not null
    )`.execute(db);
  await sql`create index prediction_of_model on tidegate.prediction (model, at)`.execute(db);
  await sql`
    create table tidegate.instance (
      id           text primary key,
      started_at   timestamptz not null default now(),
      heartbeat_at timestamptz not null default now()
    )`.execute(db);
  await sql`
    create table tidegate.instance_version (
      instance text not null references tidegate.instance (id) on delete cascade,
      model    text not null,
      version  int not null,
      state    text not null check (state in ('prepared', 'serving', 'failed')),
      problem  text,
      since    timestamptz not null default now(),
      primary key (instance, model, version)
    )`.execute(db);
  // A version that release asks every instance to load before it is promoted.
  await sql`
    create table tidegate.preparation (
      model        text not null,
      version      int not null,
      requested_at timestamptz not null default now(),
      primary key (model, version)
    )`.execute(db);
}
