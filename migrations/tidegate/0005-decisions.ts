// Evidence put before a person, and every decision that was sent, the refused ones too.
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create table tidegate.evidence (
      model            text not null,
      version          int not null,
      digest           text not null,
      champion_version int,
      body             jsonb not null,
      expires_at       timestamptz not null,
      created_at       timestamptz not null default now(),
      primary key (model, version),
      foreign key (model, version) references tidegate.version (model, version)
    )`.execute(db);
  await sql`
    create table tidegate.decision (
      id              bigint generated always as identity primary key,
      -- Workflow run and position in its queue: a repeated verification finds its own row.
      request         text not null unique,
      model           text not null references tidegate.model (name),
      version         int not null,
      evidence_digest text not null,
      decision        text not null check (decision in ('approve', 'reject')),
      actor           text not null,
      authority       text not null check (authority in ('unverified', 'key')),
      channel         text not null check (channel in ('signal', 'update')),
      comment         text not null,
      accepted        boolean not null,
      refusal         text,
      workflow_id     text not null,
      run_id          text not null,
      at              timestamptz not null default clock_timestamp(),
      check (accepted = (refusal is null))
    )`.execute(db);
  await sql`
    create unique index one_accepted_decision on tidegate.decision (model, version) where accepted`.execute(
    db,
  );
  await sql`
    create trigger decision_append_only before update or delete or truncate on tidegate.decision
    for each statement execute function tidegate.refuse_change()`.execute(db);
}
