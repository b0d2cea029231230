// The stage of a version is what its newest move says, whatever statement sets it.
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<never>): Promise<void> {
  // The move is checked and hashed before its row is written, and the stage follows after it, so that the guard of the
  // version can look the move up. How deep triggers are nested says nothing: a session can nest its own.
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
      return new;
    end $$`.execute(db);
  await sql`
    create function tidegate.follow_transition() returns trigger language plpgsql as $$
    begin
      update tidegate.version set stage = new.to_stage
        where model = new.model and version = new.version and stage = new.from_stage;
      if not found then
        raise exception 'version % of % is moved twice by one statement', new.version, new.model using errcode = 'TG002';
      end if;
      perform pg_notify('tidegate_stage', new.model);
      return null;
    end $$`.execute(db);
  await sql`
    create trigger transition_followed after insert on tidegate.transition
    for each row execute function tidegate.follow_transition()`.execute(db);
  await sql`
    create or replace function tidegate.guard_version() returns trigger language plpgsql as $$
    declare
      newest tidegate.transition;
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
      if new.stage is distinct from old.stage then
        select * into newest from tidegate.transition t
          where t.model = new.model and t.version = new.version order by t.id desc limit 1;
        if (newest.from_stage, newest.to_stage) is distinct from (old.stage, new.stage) then
          raise exception 'the stage of a version changes by a row in tidegate.transition only' using errcode = 'TG001';
        end if;
      end if;
      return new;
    end $$`.execute(db);
}
