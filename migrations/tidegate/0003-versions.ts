// Versions of a model, and the retrains that make them.
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create table tidegate.report (
      id                 bigint generated always as identity primary key,
      request            text not null unique,
      model              text not null references tidegate.model (name),
      definition_version int not null,
      champion_version   int,
      dataset_id         bigint not null references tidegate.dataset (id),
      as_of              timestamptz not null,
      quality            jsonb,
      drift              jsonb,
      performance        jsonb,
      decision           jsonb,
      summary            text,
      workflow_id        text not null,
      run_id             text not null,
      created_at         timestamptz not null default now(),
      foreign key (model, definition_version) references tidegate.definition (model, version)
    )`.execute(db);
  await sql`create index report_of_model on tidegate.report (model, id desc)`.execute(db);
  await sql`
    create table tidegate.retrain (
      id                text primary key,
      model             text not null references tidegate.model (name),
      report_id         bigint references tidegate.report (id),
      -- The instant whose window evaluates the candidate, where no report names one.
      as_of             timestamptz,
      trigger           text not null,
      requested_by      text not null,
      dataset_id        bigint references tidegate.dataset (id),
      candidate_version int,
      outcome           text,
      reason            text,
      summary           text,
      workflow_id       text not null,
      run_id            text not null,
      started_at        timestamptz not null default now(),
      finished_at       timestamptz,
      unique (model, report_id)
    )`.execute(db);
  await sql`create index retrain_of_model on tidegate.retrain (model, started_at desc)`.execute(db);
  await sql`
    create table tidegate.version (
      model              text not null references tidegate.model (name),
      version            int not null check (version >= 1),
      stage              text not null default 'None'
                         check (stage in ('None', 'Staging', 'Production', 'Archived')),
      definition_version int not null,
      retrain_id         text not null references tidegate.retrain (id),
      dataset_id         bigint not null references tidegate.dataset (id),
      trainer            text not null,
      artifact           jsonb not null,
      artifact_digest    text not null,
      -- The feature reference, encoded: profile of the training window, all entities.
      reference          jsonb not null,
      created_at         timestamptz not null default now(),
      primary key (model, version),
      unique (retrain_id),
      foreign key (model, definition_version) references tidegate.definition (model, version)
    )`.execute(db);
  await sql`
    create unique index one_version_in_production on tidegate.version (model)
    where stage = 'Production'`.execute(db);
  await sql`
    create unique index one_version_in_staging on tidegate.version (model)
    where stage = 'Staging'`.execute(db);
  await sql`
    create table tidegate.comparison (
      id                bigint generated always as identity primary key,
      model             text not null,
      candidate_version int not null,
      -- Null where no champion exists and the baseline was the one to beat.
      champion_version  int,
      dataset_id        bigint not null references tidegate.dataset (id),
      body              jsonb not null,
      decision          jsonb,
      created_at        timestamptz not null default now(),
      unique (model, candidate_version),
      foreign key (model, candidate_version) references tidegate.version (model, version)
    )`.execute(db);
}
