// Stages: the allowed moves, each an append-only and hash-chained row; the database refuses all others.
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create table tidegate.allowed_move (
      from_stage text not null,
      to_stage   text not null,
      reason     text not null,
      primary key (from_stage, to_stage, reason)
    )`.execute(db);
  await sql`
    insert into tidegate.allowed_move values
      ('None', 'Staging', 'rules_passed'),
      ('None', 'Archived', 'refused'),
      ('None', 'Archived', 'failed'),
      ('None', 'Archived', 'cancelled'),
      ('Staging', 'Production', 'approved'),
      ('Staging', 'Archived', 'validation_failed'),
      ('Staging', 'Archived', 'rejected'),
      ('Staging', 'Archived', 'expired'),
      ('Staging', 'Archived', 'superseded'),
      ('Staging', 'Archived', 'stale'),
      ('Staging', 'Archived', 'withdrawn'),
      ('Production', 'Archived', 'replaced'),
      ('Production', 'Archived', 'rolled_back'),
      ('Archived', 'Production', 'rollback')`.execute(db);
  await sql`
    create table tidegate.transition (
      -- Given by the trigger once it holds the model's lock: the order of the chain.
      id              bigint primary key,
      model           text not null,
      version         int not null,
      from_stage      text not null,
      to_stage        text not null,
      reason          text not null,
      detail          text not null default '',
      actor           text not null,
      authority       text not null,
      evidence_digest text,
      workflow_id     text not null,
      run_id          text not null,
      at              timestamptz not null default clock_timestamp(),
      previous_hash   text not null,
      hash            text not null,
      -- No two rows follow the same one.
      unique (model, previous_hash),
      foreign key (model, version) references tidegate.version (model, version),
      foreign key (from_stage, to_stage, reason) references tidegate.allowed_move
    )`.execute(db);
  await sql`create sequence tidegate.transition_id owned by tidegate.transition.id`.execute(db);
  await sql`create index transition_of_model on tidegate.transition (model, id)`.execute(db);

  // The chain is per model: appends take a lock, so that two of them never follow the same row.
  await sql`
    create function tidegate.apply_transition() returns trigger language plpgsql as $$
    declare
      current_stage text;
    begin
      perform pg_advisory_xact_lock(hashtextextended('tidegate transition ' || new.model, 0));
      select stage into current_stage from tidegate.version
        where model = new.model and version = new.version for update;
      if current_stage is distinct from new.from_stage then
        raise exception 'version % of % is in % and not in %',
          new.version, new.model, coalesce(current_stage, 'no stage'), new.from_stage using errcode = 'TG002';
      end if;
      if not exists (select from tidegate.allowed_move m
                     where (m.from_stage, m.to_stage, m.reason) = (new.from_stage, new.to_stage, new.reason)) then
        raise exception 'a version cannot move from % to % because of "%"',
          new.from_stage, new.to_stage, new.reason using errcode = 'TG002';
      end if;
      if new.reason = 'rollback' and not exists (
        select from tidegate.transition t
        where t.model = new.model and t.version = new.version and t.to_stage = 'Production') then
        raise exception 'version % of % was never in Production', new.version, new.model using errcode = 'TG002';
      end if;
      new.id := nextval('tidegate.transition_id');
      new.at := clock_timestamp();
      new.previous_hash := coalesce(
        (select t.hash from tidegate.transition t where t.model = new.model order by t.id desc limit 1), '');
      new.hash := encode(sha256(convert_to(jsonb_build_array(
        new.previous_hash, new.id, new.model, new.version, new.from_stage, new.to_stage, new.reason, new.detail,
        new.actor, new.authority, new.evidence_digest, new.workflow_id, new.run_id,
        (extract(epoch from new.at) * 1000000)::bigint)::text, 'UTF8')), 'hex');
      update tidegate.version set stage = new.to_stage where model = new.model and version = new.version;
      perform pg_notify('tidegate_stage', new.model);
      return new;
    end $$`.execute(db);
  await sql`
    create trigger transition_applies before insert on tidegate.transition
    for each row execute function tidegate.apply_transition()`.execute(db);
  await sql`
    create trigger transition_append_only before update or delete or truncate on tidegate.transition
    for each statement execute function tidegate.refuse_change()`.execute(db);

  // A registered version is immutable, and its stage follows its transitions.
  await sql`
    create function tidegate.guard_version() returns trigger language plpgsql as $$
    begin
      if tg_op = 'INSERT' then
        if new.stage <> 'None' then
          raise exception 'a version begins in stage None and not in %', new.stage using errcode = 'TG002';
        end if;
        return new;
      end if;
      if to_jsonb(new) - 'stage' is distinct from to_jsonb(old) - 'stage' then
        raise exception 'a registered version is immutable' using errcode = 'TG001';
      end if;
      if new.stage is distinct from old.stage and pg_trigger_depth() < 2 then
        raise exception 'the stage of a version changes by a row in tidegate.transition only' using errcode = 'TG001';
      end if;
      return new;
    end $$`.execute(db);
  await sql`
    create trigger version_guarded before insert or update on tidegate.version
    for each row execute function tidegate.guard_version()`.execute(db);
  await sql`
    create trigger version_kept before delete or truncate on tidegate.version
    for each statement execute function tidegate.refuse_change()`.execute(db);
}
