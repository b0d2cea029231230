// Who started a run is read from its grant, or from the run that caused it; a name in a message is only shown.
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<never>): Promise<void> {
  // Null for reports of earlier releases: nobody recorded who started them.
  await sql`
    alter table tidegate.report
      add column requested_by text,
      add column claimed_by text,
      -- The report whose run found the labels of this window.
      add column caused_by bigint references tidegate.report (id)`.execute(db);
  await sql`
    alter table tidegate.retrain
      -- The name that the request gave, if nobody was authenticated. It is shown, and nothing else is done with it.
      add column claimed_by text,
      -- The retrain whose version became stale.
      add column caused_by text references tidegate.retrain (id)`.execute(db);
  await nameRequesterOfReport(db);
  await nameRequesterOfRetrain(db);
  await checkGrants(db);
}

/**
 * The name of a report's requester is that of its grant, 'schedule' or 'unverified'. A window that is measured again because
 * its labels have come has the requester of the run that found them.
 */
async function nameRequesterOfReport(db: Kysely<never>): Promise<void> {
  await sql`
    create function tidegate.name_requester_of_report() returns trigger language plpgsql as $$
    declare
      cause tidegate.report;
    begin
      new.caused_by := null;
      if new.claimed_by is not null and not tidegate.is_name(new.claimed_by) then
        raise exception 'the name in claimed_by is not one printable line' using errcode = 'TG003';
      end if;
      if new.grant_id is null then
        select r.* into cause from tidegate.report r
          where r.model = new.model
            and new.workflow_id = 'monitor/' || r.model || '/again/' || (r.decision #>> '{lookAgain,reportId}')
          order by r.id desc limit 1;
      end if;
      if cause.id is not null then
        new.caused_by := cause.id;
        new.grant_id := cause.grant_id;
        new.requested_by := coalesce(cause.requested_by, 'unverified');
        new.claimed_by := cause.claimed_by;
      elsif new.grant_id is not null then
        new.requested_by := (select g.person from tidegate.action_grant g where g.id = new.grant_id);
        new.claimed_by := null;
      elsif new.requested_by is distinct from 'schedule' then
        new.requested_by := 'unverified';
      end if;
      return new;
    end $$`.execute(db);
  await sql`
    create trigger report_requester before insert on tidegate.report
    for each row execute function tidegate.name_requester_of_report()`.execute(db);
}

/**
 * The requester of a retrain is that of the report which decided it, or of the retrain whose version became stale, if the
 * database shows that it did. Otherwise it is the person of its own grant, or 'unverified'.
 */
async function nameRequesterOfRetrain(db: Kysely<never>): Promise<void> {
  await sql`
    create function tidegate.name_requester_of_retrain() returns trigger language plpgsql as $$
    declare
      of_report tidegate.report;
      cause tidegate.retrain;
    begin
      new.caused_by := null;
      -- A process of the release before writes the name of the request into requested_by.
      new.claimed_by := coalesce(new.claimed_by, nullif(nullif(new.requested_by, 'unverified'), 'schedule'));
      if not tidegate.is_name(coalesce(new.claimed_by, 'nobody')) then
        raise exception 'the name in claimed_by is not one printable line' using errcode = 'TG003';
      end if;
      if new.grant_id is null then
        select r.* into of_report from tidegate.report r
          where r.id = new.report_id and r.model = new.model and r.decision ->> 'retrain' = 'true'
            and new.id = r.model || '/report-' || r.id;
        select r.* into cause from tidegate.retrain r
          where r.model = new.model and new.id = r.id || '/stale-' || r.candidate_version
            and exists (
              select from tidegate.transition t
              where t.model = r.model and t.version = r.candidate_version and t.reason = 'stale');
      end if;
      new.requested_by := 'unverified';
      if of_report.id is not null then
        new.grant_id := of_report.grant_id;
        new.requested_by := coalesce(of_report.requested_by, 'unverified');
        new.claimed_by := of_report.claimed_by;
      elsif cause.id is not null then
        new.caused_by := cause.id;
        new.grant_id := cause.grant_id;
        new.requested_by := cause.requested_by;
        new.claimed_by := cause.claimed_by;
      end if;
      if new.grant_id is not null then
        new.requested_by := (select g.person from tidegate.action_grant g where g.id = new.grant_id);
        new.claimed_by := null;
      end if;
      return new;
    end $$`.execute(db);
  // Runs after retrain_name, which refuses what is not a name: triggers of a table run in the order of their names.
  await sql`
    create trigger retrain_requester before insert on tidegate.retrain
    for each row execute function tidegate.name_requester_of_retrain()`.execute(db);
}

/** A run names a grant only if that grant was used for it, or for the run that caused it. */
async function checkGrants(db: Kysely<never>): Promise<void> {
  await sql`
    create or replace function tidegate.check_starting_grant() returns trigger language plpgsql as $$
    declare
      used tidegate.action_grant;
      this constant jsonb := to_jsonb(new);
    begin
      select * into used from tidegate.action_grant g where g.id = new.grant_id;
      if used.model is distinct from new.model or used.consumed_at is null then
        raise exception 'grant % was not used for this %', new.grant_id, tg_table_name using errcode = 'TG002';
      end if;
      if used.consumed_by = tg_table_name || ' ' || (this ->> tg_argv[0])
         and (tg_table_name = 'definition'
              or used.action = any(case tg_table_name when 'report' then '{monitor}' else '{retrain,import}' end::text[])) then
        return null;
      end if;
      if tg_table_name = 'report' and exists (
        select from tidegate.report r
        where r.id = (this ->> 'caused_by')::bigint and r.grant_id = new.grant_id) then
        return null;
      end if;
      if tg_table_name = 'retrain' and (
        exists (
          select from tidegate.report r
          where r.id = (this ->> 'report_id')::bigint and r.grant_id = new.grant_id
            and r.decision ->> 'retrain' = 'true' and this ->> 'id' = r.model || '/report-' || r.id)
        or exists (
          select from tidegate.retrain r
          where r.id = this ->> 'caused_by' and r.grant_id = new.grant_id)) then
        return null;
      end if;
      raise exception 'grant % was not used for this %', new.grant_id, tg_table_name using errcode = 'TG002';
    end $$`.execute(db);
}
