// Every move into Production is checked against the policy that was frozen with the evidence and the grants it demands.
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<never>): Promise<void> {
  await freezePolicy(db);
  await nameRequesters(db);
  await checkDecisions(db);
  await checkMoves(db);
}

/** The part of a definition's promotion policy that is about people. */
async function freezePolicy(db: Kysely<never>): Promise<void> {
  await sql`
    create function tidegate.promotion_policy_of(p jsonb) returns jsonb language sql immutable as $$
      select jsonb_strip_nulls(jsonb_build_object(
        'approvals', coalesce(p -> 'approvals', '1'),
        'approvers', jsonb_build_object(
          'role', coalesce(p #> '{approvers,role}', '"approver"'), 'groups', p #> '{approvers,groups}'),
        'rejection', coalesce(p -> 'rejection', '"ends"'),
        'commentRequired', coalesce(p -> 'commentRequired', 'false'),
        'selfApproval', coalesce(p -> 'selfApproval', '"refuse"'),
        'unverifiedSignals', coalesce(p -> 'unverifiedSignals', '"refuse"'),
        'rollback', coalesce(p -> 'rollback', '"operator"'),
        'watch', p -> 'watch'))
    $$`.execute(db);
  await sql`
    create function tidegate.promotion_policy(of_model text) returns jsonb language sql stable as $$
      select tidegate.promotion_policy_of((d.body -> 'promotion')::jsonb) from tidegate.definition d
      where d.model = of_model order by d.version desc limit 1
    $$`.execute(db);
  await sql`
    alter table tidegate.evidence
      -- People who requested the version: who they are, or their names if they were not authenticated.
      add column requester_ids bigint[] not null default '{}',
      add column requester_names text[] not null default '{}'`.execute(db);
  await sql`
    create function tidegate.freeze_policy() returns trigger language plpgsql as $$
    declare
      policy constant jsonb := tidegate.promotion_policy(new.model);
      started_by tidegate.action_grant;
      defined tidegate.definition;
      applied_by tidegate.action_grant;
    begin
      -- A process of the release before writes no policy.
      new.policy := coalesce(new.policy, policy);
      if new.policy <> policy then
        raise exception 'the promotion policy of % changed while its evidence was assembled', new.model
          using errcode = 'serialization_failure';
      end if;
      if new.body ? 'policy' and new.body -> 'policy' <> new.policy then
        raise exception 'the evidence on version % of % names another policy than it is stored with',
          new.version, new.model using errcode = 'TG002';
      end if;
      new.requester_ids := '{}';
      new.requester_names := '{}';
      select g.* into started_by from tidegate.version v
        join tidegate.retrain r on r.id = v.retrain_id
        join tidegate.action_grant g on g.id = r.grant_id
        where v.model = new.model and v.version = new.version;
      if started_by.id is not null then
        new.requester_ids := array[started_by.answerable_id];
        return new;
      end if;
      -- Nobody was authenticated for the run: whoever applied the model last may not approve what it made.
      select * into defined from tidegate.definition d where d.model = new.model order by d.version desc limit 1;
      select * into applied_by from tidegate.action_grant g where g.id = defined.grant_id;
      if applied_by.id is not null then
        new.requester_ids := array[applied_by.answerable_id];
      else
        new.requester_names := array[defined.applied_by];
      end if;
      return new;
    end $$`.execute(db);
  await sql`
    create trigger evidence_freezes before insert on tidegate.evidence
    for each row execute function tidegate.freeze_policy()`.execute(db);
}

/** A run names the grant that started it only if that grant was used for it. */
async function nameRequesters(db: Kysely<never>): Promise<void> {
  await sql`
    create function tidegate.check_starting_grant() returns trigger language plpgsql as $$
    declare
      used tidegate.action_grant;
      started_by_report boolean;
    begin
      select * into used from tidegate.action_grant g where g.id = new.grant_id;
      if tg_table_name = 'retrain' and used.action = 'monitor' then
        started_by_report := exists (
          select from tidegate.report r
          where r.id = (to_jsonb(new) ->> 'report_id')::bigint and r.grant_id = new.grant_id);
      end if;
      if used.model is distinct from new.model or used.consumed_at is null
         or not (coalesce(started_by_report, false)
                 or used.consumed_by = tg_table_name || ' ' || (to_jsonb(new) ->> tg_argv[0])) then
        raise exception 'grant % was not used for this %', new.grant_id, tg_table_name using errcode = 'TG002';
      end if;
      return null;
    end $$`.execute(db);
  for (const [table, key] of [
    ['report', 'request'],
    ['retrain', 'id'],
    ['definition', 'version'],
  ] as const) {
    await sql`
      create constraint trigger ${sql.id(`${table}_granted`)} after insert on ${sql.id('tidegate', table)}
      deferrable initially deferred for each row when (new.grant_id is not null)
      execute function tidegate.check_starting_grant(${sql.lit(key)})`.execute(db);
  }
}

/** A decision is accepted only if the frozen policy lets this person decide, and the database says when it settles. */
async function checkDecisions(db: Kysely<never>): Promise<void> {
  await sql`
    alter table tidegate.decision
      -- Whether the person approved a version that this person requested; the policy allows that or refuses it.
      add column self_approved boolean not null default false`.execute(db);
  await sql`
    create function tidegate.why_not_decide(used tidegate.action_grant, evidence tidegate.evidence, is_self boolean)
    returns text language sql stable as $$
      select case
        when used.action = 'break-glass' and not 'admin' = any(used.roles)
          then used.person || ' does not have the role admin, which an emergency takes'
        when used.action = 'break-glass' and btrim(used.comment) = '' then 'an emergency takes a reason'
        when used.action = 'break-glass' and is_self
          then used.person || ' requested this version and may not approve it'
        when used.action = 'break-glass' then null
        when not (evidence.policy #>> '{approvers,role}') = any(used.roles)
          then used.person || ' does not have the role ' || (evidence.policy #>> '{approvers,role}')
        when evidence.policy #> '{approvers,groups}' is not null
             and not (evidence.policy #> '{approvers,groups}') ?| used.groups
          then used.person || ' is in none of the groups that promotion.approvers names'
        when (evidence.policy ->> 'commentRequired')::boolean and btrim(used.comment) = ''
          then 'promotion.commentRequired asks for a comment'
        when is_self and evidence.policy ->> 'selfApproval' <> 'record'
          then used.person || ' requested this version and may not approve it'
      end
    $$`.execute(db);
  await sql`
    create or replace function tidegate.settle_decision() returns trigger language plpgsql as $$
    declare
      evidence tidegate.evidence;
      used tidegate.action_grant;
      is_self boolean;
      problem text;
      agreeing int;
      needed int;
    begin
      new.settles := false;
      new.person_id := null;
      new.self_approved := false;
      if new.grant_id is not null then
        select * into used from tidegate.action_grant g where g.id = new.grant_id;
        if (used.model, used.version, used.evidence_digest) is distinct from (new.model, new.version, new.evidence_digest)
           or used.action not in (new.decision, case new.decision when 'approve' then 'break-glass' else 'reject' end)
           or (used.person, used.via) is distinct from (new.actor, new.authority) then
          raise exception 'grant % is for another decision', new.grant_id using errcode = 'TG002';
        end if;
        new.person_id := used.answerable_id;
      end if;
      if not new.accepted then
        return new;
      end if;
      perform pg_advisory_xact_lock(hashtextextended('tidegate decision ' || new.model || ' ' || new.version, 0));
      select * into evidence from tidegate.evidence e
        where e.model = new.model and e.version = new.version and e.digest = new.evidence_digest;
      -- Evidence of earlier releases keeps its rules: one decision settles.
      if evidence.policy is null then
        new.settles := true;
        return new;
      end if;
      if new.grant_id is null then
        if evidence.policy ->> 'unverifiedSignals' <> 'accept' then
          raise exception 'the sender was not authenticated, and promotion.unverifiedSignals refuses such decisions'
            using errcode = 'TG002';
        end if;
        new.settles := true;
        return new;
      end if;
      is_self := new.decision = 'approve' and (used.answerable_id = any(evidence.requester_ids)
        or exists (select from unnest(evidence.requester_names) n where lower(btrim(n)) = lower(btrim(used.person))));
      problem := tidegate.why_not_decide(used, evidence, is_self);
      if problem is not null then
        raise exception '%', problem using errcode = 'TG002';
      end if;
      new.self_approved := is_self;
      select count(*) + 1 into agreeing from tidegate.decision d
        where d.model = new.model and d.version = new.version and d.accepted and d.decision = new.decision
          and d.person_id is not null and d.person_id <> new.person_id;
      needed := case
        when used.action = 'break-glass' then 1
        when new.decision = 'reject' and evidence.policy ->> 'rejection' = 'ends' then 1
        else (evidence.policy ->> 'approvals')::int end;
      new.settles := agreeing >= needed;
      return new;
    end $$`.execute(db);
  await sql`
    create function tidegate.check_decision_grant() returns trigger language plpgsql as $$
    begin
      if not exists (select from tidegate.action_grant g where g.id = new.grant_id and g.consumed_at is not null) then
        raise exception 'grant % was not used for this decision', new.grant_id using errcode = 'TG002';
      end if;
      return null;
    end $$`.execute(db);
  await sql`
    create constraint trigger decision_granted after insert on tidegate.decision
    deferrable initially deferred for each row when (new.grant_id is not null)
    execute function tidegate.check_decision_grant()`.execute(db);
}

async function checkMoves(db: Kysely<never>): Promise<void> {
  await sql`
    alter table tidegate.transition
      -- The grant by which a person moved the version; null if a rule did, or if nobody was authenticated.
      add column grant_id text references tidegate.action_grant (id)`.execute(db);
  await sql`
    create or replace function tidegate.check_decision(moved tidegate.transition, newest tidegate.transition) returns void
    language plpgsql as $$
    declare
      decided tidegate.decision;
      evidence tidegate.evidence;
      agreeing int;
    begin
      select * into decided from tidegate.decision d
        where d.model = moved.model and d.version = moved.version and d.settles
          and d.decision = case moved.reason when 'approved' then 'approve' else 'reject' end;
      if decided.id is null then
        raise exception 'no accepted decision on version % of % says that it is %',
          moved.version, moved.model, moved.reason using errcode = 'TG002';
      end if;
      if moved.reason <> 'approved' then
        return;
      end if;
      select * into evidence from tidegate.evidence e
        where e.model = moved.model and e.version = moved.version and e.digest = decided.evidence_digest;
      if not found or moved.evidence_digest is distinct from decided.evidence_digest then
        raise exception 'the decision on version % of % rests on other evidence than its own',
          moved.version, moved.model using errcode = 'TG002';
      end if;
      if moved.authority <> decided.authority
         or (moved.actor <> decided.actor and tidegate.is_name(decided.actor))
         or moved.grant_id <> decided.grant_id then
        raise exception 'version % of % was approved by somebody else than the move says',
          moved.version, moved.model using errcode = 'TG002';
      end if;
      if evidence.champion_version is distinct from (case newest.reason when 'replaced' then newest.version end) then
        raise exception 'version % of % was compared with another champion than the one it replaces',
          moved.version, moved.model using errcode = 'TG002';
      end if;
      if evidence.policy is null
         or (decided.grant_id is null and evidence.policy ->> 'unverifiedSignals' = 'accept') then
        return;
      end if;
      select count(distinct g.answerable_id) into agreeing from tidegate.decision d
        join tidegate.action_grant g on g.id = d.grant_id
        where d.model = moved.model and d.version = moved.version and d.accepted and d.decision = 'approve'
          and d.evidence_digest = evidence.digest and g.consumed_at <= g.expires_at;
      if agreeing < (evidence.policy ->> 'approvals')::int and not exists (
        select from tidegate.action_grant g where g.id = decided.grant_id and g.action = 'break-glass') then
        raise exception 'version % of % has the approvals of % of % people',
          moved.version, moved.model, agreeing, evidence.policy ->> 'approvals' using errcode = 'TG002';
      end if;
    end $$`.execute(db);
  // Checked when the transaction ends, because the grants are used after the moves that they allow.
  await sql`
    create function tidegate.check_rollback() returns trigger language plpgsql as $$
    declare
      policy jsonb;
      of_champion jsonb;
      agreeing int;
      left_version int;
    begin
      select t.version into left_version from tidegate.transition t
        where t.model = new.model and t.hash = new.previous_hash;
      select coalesce((select e.policy from tidegate.evidence e where e.model = new.model and e.version = new.version),
                      tidegate.promotion_policy(new.model)) into policy;
      if new.grant_id is null then
        if new.authority = 'rule' then
          select coalesce((select e.policy from tidegate.evidence e where e.model = new.model and e.version = left_version),
                          tidegate.promotion_policy(new.model)) into of_champion;
          if of_champion #>> '{watch,onBreach}' = 'roll back' and exists (
            select from tidegate.watch w
            where w.model = new.model and w.version = left_version and w.breached_at is not null) then
            return null;
          end if;
          raise exception 'no broken watch over version % of % puts version % back', left_version, new.model, new.version
            using errcode = 'TG002';
        end if;
        if policy ->> 'unverifiedSignals' = 'accept' then
          return null;
        end if;
        raise exception 'nobody was authenticated for the rollback of % to version %, and its policy refuses that',
          new.model, new.version using errcode = 'TG006';
      end if;
      select count(distinct g.answerable_id) filter (where policy ->> 'rollback' = 'operator' and 'operator' = any(g.roles)
               or (policy #>> '{approvers,role}') = any(g.roles)
                  and (policy #> '{approvers,groups}' is null or (policy #> '{approvers,groups}') ?| g.groups)
               or g.action = 'break-glass' and 'admin' = any(g.roles) and btrim(g.comment) <> '')
        into agreeing from tidegate.action_grant g
        where g.model = new.model and g.consumed_by = 'rollback ' || new.grant_id and g.consumed_at >= new.at
          and g.action in ('rollback', 'break-glass') and coalesce(g.version, new.version) = new.version;
      if not exists (
        select from tidegate.action_grant g
        where g.id = new.grant_id and (g.person, g.via) = (new.actor, new.authority)
          and g.consumed_by = 'rollback ' || g.id) then
        raise exception 'grant % was not used for this rollback', new.grant_id using errcode = 'TG002';
      end if;
      if agreeing < (case
           when exists (select from tidegate.action_grant g where g.id = new.grant_id and g.action = 'break-glass') then 1
           when policy ->> 'rollback' = 'operator' then 1
           else (policy ->> 'approvals')::int end) then
        raise exception 'the rollback of % to version % has the word of % of the people that its policy asks for',
          new.model, new.version, agreeing using errcode = 'TG006';
      end if;
      return null;
    end $$`.execute(db);
  await sql`
    create constraint trigger transition_rolls_back after insert on tidegate.transition
    deferrable initially deferred for each row when (new.reason = 'rollback')
    execute function tidegate.check_rollback()`.execute(db);
  await sql`
    create function tidegate.check_superseded() returns trigger language plpgsql as $$
    begin
      if not exists (
        select from tidegate.transition t
        where t.model = new.model and t.previous_hash = new.hash and t.to_stage = 'Staging') then
        raise exception 'no other version of % takes the place of version % in Staging', new.model, new.version
          using errcode = 'TG002';
      end if;
      return null;
    end $$`.execute(db);
  await sql`
    create constraint trigger transition_superseded after insert on tidegate.transition
    deferrable initially deferred for each row when (new.reason = 'superseded')
    execute function tidegate.check_superseded()`.execute(db);
}
