// What a decision rests on is never changed, and no version reaches Production without a decision: the database refuses it.
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<never>): Promise<void> {
  await keepNames(db);
  await keepEvidence(db);
  await keepRuns(db);
  await keepData(db);
  await moveByDecision(db);
}

/** Names of people are one line: what looks like another row or another name is not stored. */
async function keepNames(db: Kysely<never>): Promise<void> {
  // Controls, line separators, marks of direction, and characters of no width. Only UTF-8 has code points to name.
  await sql`
    create function tidegate.is_name(name text) returns boolean language sql immutable as $$
      select case when getdatabaseencoding() = 'UTF8'
        then name !~ '[\\u0001-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]'
        else name !~ '[[:cntrl:]]' end
    $$`.execute(db);
  await sql`
    create function tidegate.refuse_name() returns trigger language plpgsql as $$
    begin
      if not tidegate.is_name(to_jsonb(new) ->> tg_argv[0]) then
        raise exception 'the name in % is not one printable line', tg_argv[0] using errcode = 'TG003';
      end if;
      return new;
    end $$`.execute(db);
  for (const [table, column] of [
    ['decision', 'actor'],
    ['definition', 'applied_by'],
    ['retrain', 'requested_by'],
  ]) {
    await sql`
      create trigger ${sql.id(`${table}_name`)} before insert on ${sql.id('tidegate', table!)}
      for each row execute function tidegate.refuse_name(${sql.lit(column!)})`.execute(db);
  }
}

async function keepEvidence(db: Kysely<never>): Promise<void> {
  await sql`
    create trigger evidence_append_only before update or delete or truncate on tidegate.evidence
    for each statement execute function tidegate.refuse_change()`.execute(db);
  await sql`
    create trigger allowed_move_fixed before insert or update or delete or truncate on tidegate.allowed_move
    for each statement execute function tidegate.refuse_change()`.execute(db);
  // A decision is written once, together with its instant.
  await sql`
    create or replace function tidegate.guard_comparison() returns trigger language plpgsql as $$
    begin
      if to_jsonb(new) - 'decision' - 'decided_at' is distinct from to_jsonb(old) - 'decision' - 'decided_at' then
        raise exception 'a comparison is immutable' using errcode = 'TG001';
      end if;
      if (old.decision is not null or new.decision is null)
         and (new.decision, new.decided_at) is distinct from (old.decision, old.decided_at) then
        raise exception 'the decision on a comparison is immutable' using errcode = 'TG001';
      end if;
      return new;
    end $$`.execute(db);
}

/** Reports and retrains are filled step by step, and stay as they are once they have ended. */
async function keepRuns(db: Kysely<never>): Promise<void> {
  await sql`
    create function tidegate.guard_report() returns trigger language plpgsql as $$
    declare
      filled constant text[] := '{quality,drift,performance,decision,summary}';
    begin
      if to_jsonb(new) - filled is distinct from to_jsonb(old) - filled then
        raise exception 'what a report is about is immutable' using errcode = 'TG001';
      end if;
      if old.decision is not null and (to_jsonb(new) - 'summary' is distinct from to_jsonb(old) - 'summary'
         or (old.summary is not null and new.summary is distinct from old.summary)) then
        raise exception 'a report that was decided on is immutable' using errcode = 'TG001';
      end if;
      return new;
    end $$`.execute(db);
  await sql`
    create trigger report_guarded before update on tidegate.report
    for each row execute function tidegate.guard_report()`.execute(db);
  await sql`
    create function tidegate.guard_retrain() returns trigger language plpgsql as $$
    declare
      filled constant text[] := '{dataset_id,candidate_version,leaks,outcome,reason,summary,finished_at}';
    begin
      if to_jsonb(new) - filled is distinct from to_jsonb(old) - filled then
        raise exception 'what a retrain was asked for is immutable' using errcode = 'TG001';
      end if;
      if old.finished_at is not null and to_jsonb(new) is distinct from to_jsonb(old) then
        raise exception 'a retrain that has ended is immutable' using errcode = 'TG001';
      end if;
      return new;
    end $$`.execute(db);
  await sql`
    create trigger retrain_guarded before update on tidegate.retrain
    for each row execute function tidegate.guard_retrain()`.execute(db);
  for (const table of ['report', 'retrain']) {
    await sql`
      create trigger ${sql.id(`${table}_kept`)} before delete or truncate on ${sql.id('tidegate', table)}
      for each statement execute function tidegate.refuse_change()`.execute(db);
  }
}

/** Frozen rows, models in ONNX, and what a model is about. */
async function keepData(db: Kysely<never>): Promise<void> {
  await sql`
    create function tidegate.guard_dataset() returns trigger language plpgsql as $$
    begin
      if to_jsonb(new) - 'expired_at' is distinct from to_jsonb(old) - 'expired_at'
         or (old.expired_at is not null and new.expired_at is distinct from old.expired_at) then
        raise exception 'a frozen dataset is immutable' using errcode = 'TG001';
      end if;
      return new;
    end $$`.execute(db);
  await sql`
    create trigger dataset_guarded before update on tidegate.dataset
    for each row execute function tidegate.guard_dataset()`.execute(db);
  await sql`
    create trigger dataset_kept before delete or truncate on tidegate.dataset
    for each statement execute function tidegate.refuse_change()`.execute(db);
  await sql`
    create trigger dataset_chunk_kept before update or truncate on tidegate.dataset_chunk
    for each statement execute function tidegate.refuse_change()`.execute(db);
  // Looked at when the transaction ends: retention may mark the dataset before or after its rows go.
  await sql`
    create function tidegate.guard_chunk() returns trigger language plpgsql as $$
    begin
      if exists (select from tidegate.dataset d where d.id = old.dataset_id and d.expired_at is null) then
        raise exception 'rows of dataset % are kept until it expires', old.dataset_id using errcode = 'TG001';
      end if;
      return null;
    end $$`.execute(db);
  await sql`
    create constraint trigger dataset_chunk_expires after delete on tidegate.dataset_chunk
    deferrable initially deferred for each row execute function tidegate.guard_chunk()`.execute(db);

  await sql`
    create function tidegate.guard_onnx_model() returns trigger language plpgsql as $$
    begin
      if exists (select from tidegate.version v where v.artifact -> 'onnx' ->> 'digest' = old.digest) then
        raise exception 'the ONNX model of a registered version is kept' using errcode = 'TG001';
      end if;
      return old;
    end $$`.execute(db);
  await sql`
    create trigger onnx_model_guarded before delete on tidegate.onnx_model
    for each row execute function tidegate.guard_onnx_model()`.execute(db);
  await sql`
    create trigger onnx_model_kept before update or truncate on tidegate.onnx_model
    for each statement execute function tidegate.refuse_change()`.execute(db);

  // What a model is about may be corrected as long as no version was made for it.
  await sql`
    create function tidegate.guard_model() returns trigger language plpgsql as $$
    begin
      if new.name is distinct from old.name or (to_jsonb(new) is distinct from to_jsonb(old)
         and exists (select from tidegate.version v where v.model = old.name)) then
        raise exception 'a model that has versions is immutable' using errcode = 'TG001';
      end if;
      return new;
    end $$`.execute(db);
  await sql`
    create trigger model_guarded before update on tidegate.model
    for each row execute function tidegate.guard_model()`.execute(db);
}

/** A move into Production names the decision that allows it, and takes the place of the champion that it was compared with. */
async function moveByDecision(db: Kysely<never>): Promise<void> {
  await sql`
    create function tidegate.check_decision(moved tidegate.transition, newest tidegate.transition) returns void
    language plpgsql as $$
    declare
      decided tidegate.decision;
      compared_with int;
    begin
      select * into decided from tidegate.decision d
        where d.model = moved.model and d.version = moved.version and d.accepted
          and d.decision = case moved.reason when 'approved' then 'approve' else 'reject' end;
      if decided.id is null then
        raise exception 'no accepted decision on version % of % says that it is %',
          moved.version, moved.model, moved.reason using errcode = 'TG002';
      end if;
      if moved.reason <> 'approved' then
        return;
      end if;
      select e.champion_version into compared_with from tidegate.evidence e
        where e.model = moved.model and e.version = moved.version and e.digest = decided.evidence_digest;
      if not found or moved.evidence_digest is distinct from decided.evidence_digest then
        raise exception 'the decision on version % of % rests on other evidence than its own',
          moved.version, moved.model using errcode = 'TG002';
      end if;
      if moved.authority <> decided.authority
         or (moved.actor <> decided.actor and tidegate.is_name(decided.actor)) then
        raise exception 'version % of % was approved by somebody else than the move says',
          moved.version, moved.model using errcode = 'TG002';
      end if;
      if compared_with is distinct from (case newest.reason when 'replaced' then newest.version end) then
        raise exception 'version % of % was compared with another champion than the one it replaces',
          moved.version, moved.model using errcode = 'TG002';
      end if;
    end $$`.execute(db);
  await sql`
    create or replace function tidegate.apply_transition() returns trigger language plpgsql as $$
    declare
      current_stage text;
      newest tidegate.transition;
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
      select * into newest from tidegate.transition t where t.model = new.model order by t.id desc limit 1;
      if new.reason in ('approved', 'rejected') then
        perform tidegate.check_decision(new, newest);
      elsif not tidegate.is_name(new.actor) then
        raise exception 'the name in actor is not one printable line' using errcode = 'TG003';
      end if;
      if new.reason = 'rollback' then
        if not exists (
          select from tidegate.transition t
          where t.model = new.model and t.version = new.version and t.to_stage = 'Production') then
          raise exception 'version % of % was never in Production', new.version, new.model using errcode = 'TG002';
        end if;
        if newest.reason is distinct from 'rolled_back' then
          raise exception 'version % of % comes back for no version that was rolled back',
            new.version, new.model using errcode = 'TG002';
        end if;
      end if;
      new.id := nextval('tidegate.transition_id');
      if new.id <= newest.id then
        raise exception 'the sequence tidegate.transition_id was set back: it gives %, and % is taken', new.id, newest.id
          using errcode = 'TG001';
      end if;
      new.at := clock_timestamp();
      new.previous_hash := coalesce(newest.hash, '');
      new.hash := encode(sha256(convert_to(jsonb_build_array(
        new.previous_hash, new.id, new.model, new.version, new.from_stage, new.to_stage, new.reason, new.detail,
        new.actor, new.authority, new.evidence_digest, new.workflow_id, new.run_id,
        (extract(epoch from new.at) * 1000000)::bigint)::text, 'UTF8')), 'hex');
      update tidegate.version set stage = new.to_stage where model = new.model and version = new.version;
      perform pg_notify('tidegate_stage', new.model);
      return new;
    end $$`.execute(db);
  // A champion leaves Production only as another version takes its place: no row alone can take a model out of service.
  await sql`
    create function tidegate.check_successor() returns trigger language plpgsql as $$
    begin
      if not exists (
        select from tidegate.transition t
        where t.model = new.model and t.previous_hash = new.hash
          and t.reason = case new.reason when 'replaced' then 'approved' else 'rollback' end) then
        raise exception 'version % of % leaves Production and no version takes its place', new.version, new.model
          using errcode = 'TG002';
      end if;
      return null;
    end $$`.execute(db);
  await sql`
    create constraint trigger transition_succeeded after insert on tidegate.transition
    deferrable initially deferred for each row when (new.from_stage = 'Production')
    execute function tidegate.check_successor()`.execute(db);
}
