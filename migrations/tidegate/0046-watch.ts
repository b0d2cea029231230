// What is watched after a promotion: requests by minute, and the watch over each version that was promoted.
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<never>): Promise<void> {
  // Each API process writes what it counted in a minute, as often as it likes: the row is replaced and never added to.
  await sql`
    create table tidegate.serving_minute (
      model    text not null,
      version  int not null,
      minute   timestamptz not null,
      instance text not null,
      answered int not null check (answered >= 0),
      refused  int not null check (refused >= 0),
      failed   int not null check (failed >= 0),
      -- Number of answered requests by latency bucket, as a JSON object of counts.
      latency  jsonb not null,
      primary key (model, version, minute, instance)
    )`.execute(db);
  await sql`create index serving_minute_age on tidegate.serving_minute (minute)`.execute(db);
  await sql`
    create table tidegate.watch (
      model       text not null,
      version     int not null,
      started_at  timestamptz not null,
      ends_at     timestamptz not null,
      -- The policy in force: the one that was frozen with the evidence of the version.
      policy      jsonb not null,
      -- The newest look: what was measured, and every rule with value and bound.
      looked_at   timestamptz,
      findings    jsonb,
      -- The first look at which a rule was broken.
      breached_at timestamptz,
      outcome     text,
      summary     text,
      finished_at timestamptz,
      workflow_id text not null,
      run_id      text not null,
      primary key (model, version),
      foreign key (model, version) references tidegate.version (model, version),
      check ((finished_at is null) = (outcome is null))
    )`.execute(db);
  await sql`
    create function tidegate.guard_watch() returns trigger language plpgsql as $$
    declare
      filled constant text[] := '{looked_at,findings,breached_at,outcome,summary,finished_at}';
    begin
      if to_jsonb(new) - filled is distinct from to_jsonb(old) - filled or old.finished_at is not null then
        raise exception 'what a watch is about is immutable, and so is a watch that has ended' using errcode = 'TG001';
      end if;
      return new;
    end $$`.execute(db);
  await sql`
    create trigger watch_guarded before update on tidegate.watch
    for each row execute function tidegate.guard_watch()`.execute(db);
  await sql`
    create trigger watch_kept before delete or truncate on tidegate.watch
    for each statement execute function tidegate.refuse_change()`.execute(db);
}
