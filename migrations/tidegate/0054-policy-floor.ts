// The floor of an installation, below which no promotion policy may go, and definitions that loosen their own policy: they
// wait until another approver has accepted them.
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<never>): Promise<void> {
  await floor(db);
  await reviews(db);
  await policyInForce(db);
  await checkReviews(db);
  await record(db);
}

async function floor(db: Kysely<never>): Promise<void> {
  // The newest row is the floor. An admin has to be known for it, so there is no row without a grant.
  await sql`
    create table tidegate.policy_floor (
      id        bigint generated always as identity primary key,
      policy    jsonb not null check (jsonb_typeof(policy) = 'object'),
      reason    text not null check (btrim(reason) <> '' and length(reason) <= 2000),
      actor     text not null check (tidegate.is_name(actor)),
      authority text not null,
      grant_id  text not null unique references tidegate.action_grant (id),
      at        timestamptz not null default clock_timestamp()
    )`.execute(db);
  await sql`
    create function tidegate.check_floor() returns trigger language plpgsql as $$
    declare
      used tidegate.action_grant;
    begin
      select * into used from tidegate.action_grant g where g.id = new.grant_id;
      if used.action is distinct from 'set-floor' or used.model <> '' or not 'admin' = any(used.roles)
         or (used.person, used.via) is distinct from (new.actor, new.authority) then
        raise exception 'the floor of the policies is set with the grant of an admin' using errcode = 'TG002';
      end if;
      new.at := clock_timestamp();
      return new;
    end $$`.execute(db);
  await sql`
    create trigger policy_floor_checked before insert on tidegate.policy_floor
    for each row execute function tidegate.check_floor()`.execute(db);
  await keepRows(db, 'policy_floor');
  await sql`
    create function tidegate.check_used_grant() returns trigger language plpgsql as $$
    begin
      if not exists (select from tidegate.action_grant g where g.id = new.grant_id and g.consumed_at is not null) then
        raise exception 'grant % was not used for this %', new.grant_id, tg_argv[0] using errcode = 'TG002';
      end if;
      return null;
    end $$`.execute(db);
  await mustUseGrant(db, 'policy_floor', 'floor');
}

async function reviews(db: Kysely<never>): Promise<void> {
  await sql`
    alter table tidegate.definition
      -- The rules of the promotion policy in force that this definition loosens; null if it loosens none.
      add column loosens jsonb check (jsonb_typeof(loosens) = 'array' and jsonb_array_length(loosens) > 0)`.execute(
    db,
  );
  await sql`
    create table tidegate.definition_review (
      model      text not null,
      version    int not null,
      -- Digest of the definition that the person read.
      digest     text not null,
      verdict    text not null check (verdict in ('accepted', 'refused')),
      comment    text not null check (length(comment) <= 2000),
      actor      text not null check (tidegate.is_name(actor)),
      authority  text not null,
      -- Null if nobody was authenticated, which the policy in force must allow.
      grant_id   text unique references tidegate.action_grant (id),
      -- Whether the person who applied the definition accepted it; the policy in force must allow that.
      self       boolean not null default false,
      at         timestamptz not null default clock_timestamp(),
      primary key (model, version),
      foreign key (model, version) references tidegate.definition (model, version)
    )`.execute(db);
  await keepRows(db, 'definition_review');
  await mustUseGrant(db, 'definition_review', 'review of a definition');
}

/** A definition that waits, or that was refused, counts for nothing; and no policy is below the floor. */
async function policyInForce(db: Kysely<never>): Promise<void> {
  await sql`
    create function tidegate.in_force(d tidegate.definition) returns boolean language sql stable as $$
      select d.loosens is null or exists (
        select from tidegate.definition_review r
        where r.model = d.model and r.version = d.version and r.verdict = 'accepted')
    $$`.execute(db);
  // Each rule is the stricter one of the two. If no group is in both lists, the groups of the floor count.
  await sql`
    create function tidegate.raise_policy(p jsonb, f jsonb) returns jsonb language sql immutable as $$
      select jsonb_strip_nulls(p || jsonb_build_object(
        'approvals', greatest((p ->> 'approvals')::int, (f ->> 'approvals')::int),
        'approvers', jsonb_build_object(
          'role', coalesce(f #> '{approvers,role}', p #> '{approvers,role}'),
          'groups', case
            when f #> '{approvers,groups}' is null then p #> '{approvers,groups}'
            else coalesce((
              select jsonb_agg(g order by n)
              from jsonb_array_elements(p #> '{approvers,groups}') with ordinality as named(g, n)
              where f #> '{approvers,groups}' @> g), f #> '{approvers,groups}') end),
        'rejection', coalesce(f -> 'rejection', p -> 'rejection'),
        'commentRequired', coalesce(f -> 'commentRequired', p -> 'commentRequired'),
        'selfApproval', coalesce(f -> 'selfApproval', p -> 'selfApproval'),
        'unverifiedSignals', case
          when greatest((p ->> 'approvals')::int, (f ->> 'approvals')::int) > 1 then '"refuse"'
          else coalesce(f -> 'unverifiedSignals', p -> 'unverifiedSignals') end,
        'rollback', coalesce(f -> 'rollback', p -> 'rollback'),
        'watch', case when f ->> 'watch' = 'on' then nullif(p -> 'watch', '"off"') else p -> 'watch' end))
    $$`.execute(db);
  await sql`
    create or replace function tidegate.promotion_policy(of_model text) returns jsonb language sql stable as $$
      select tidegate.raise_policy(
        tidegate.promotion_policy_of((d.body -> 'promotion')::jsonb),
        coalesce((select f.policy from tidegate.policy_floor f order by f.id desc limit 1), '{}'))
      from tidegate.definition d
      where d.model = of_model and tidegate.in_force(d) order by d.version desc limit 1
    $$`.execute(db);
  // As in 0031, but a definition that waits was not applied yet.
  await sql`
    create or replace function tidegate.freeze_policy() returns trigger language plpgsql as $$
    declare
      policy constant jsonb := tidegate.promotion_policy(new.model);
      started_by tidegate.action_grant;
      defined tidegate.definition;
      applied_by tidegate.action_grant;
    begin
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
      select * into defined from tidegate.definition d
        where d.model = new.model and tidegate.in_force(d) order by d.version desc limit 1;
      select * into applied_by from tidegate.action_grant g where g.id = defined.grant_id;
      if applied_by.id is not null then
        new.requester_ids := array[applied_by.answerable_id];
      else
        new.requester_names := array[defined.applied_by];
      end if;
      return new;
    end $$`.execute(db);
}

/** Who may accept or refuse a definition that waits is decided by the policy in force, which is the one before it. */
async function checkReviews(db: Kysely<never>): Promise<void> {
  await sql`
    create function tidegate.check_review() returns trigger language plpgsql as $$
    declare
      reviewed tidegate.definition;
      earlier tidegate.definition_review;
      applied_by tidegate.action_grant;
      used tidegate.action_grant;
      policy jsonb;
      newest int;
    begin
      perform from tidegate.model m where m.name = new.model for update;
      select * into reviewed from tidegate.definition d where d.model = new.model and d.version = new.version;
      select max(d.version) into newest from tidegate.definition d where d.model = new.model;
      if reviewed.loosens is null or newest <> new.version then
        raise exception 'definition % of % does not wait for an approver', new.version, new.model using errcode = 'TG002';
      end if;
      select r.* into earlier from tidegate.definition_review r where r.model = new.model and r.version = new.version;
      if found then
        raise exception 'definition % of % was % by %', new.version, new.model, earlier.verdict, earlier.actor
          using errcode = 'TG002';
      end if;
      if reviewed.digest <> new.digest then
        raise exception 'the review is about another text than definition % of %', new.version, new.model
          using errcode = 'TG002';
      end if;
      policy := tidegate.promotion_policy(new.model);
      select * into applied_by from tidegate.action_grant g where g.id = reviewed.grant_id;
      new.at := clock_timestamp();
      if new.grant_id is null then
        if policy ->> 'unverifiedSignals' <> 'accept' then
          raise exception 'nobody was authenticated for the review of definition % of %, and the policy in force refuses that',
            new.version, new.model using errcode = 'TG006';
        end if;
        new.self := lower(btrim(reviewed.applied_by)) = lower(btrim(new.actor));
      else
        select * into used from tidegate.action_grant g where g.id = new.grant_id;
        if (used.action, used.model, used.version, used.evidence_digest, used.person, used.via) is distinct from
           (case new.verdict when 'accepted' then 'accept-definition' else 'refuse-definition' end,
            new.model, new.version, new.digest, new.actor, new.authority) then
          raise exception 'grant % is for something else than this review', new.grant_id using errcode = 'TG002';
        end if;
        if not (policy #>> '{approvers,role}') = any(used.roles) then
          raise exception '% does not have the role %', used.person, policy #>> '{approvers,role}' using errcode = 'TG002';
        end if;
        if policy #> '{approvers,groups}' is not null and not (policy #> '{approvers,groups}') ?| used.groups then
          raise exception '% is in none of the groups that promotion.approvers names', used.person using errcode = 'TG002';
        end if;
        new.self := case when applied_by.id is null then lower(btrim(reviewed.applied_by)) = lower(btrim(used.person))
                         else applied_by.answerable_id = used.answerable_id end;
      end if;
      if (policy ->> 'commentRequired')::boolean and btrim(new.comment) = '' then
        raise exception 'promotion.commentRequired asks for a comment' using errcode = 'TG002';
      end if;
      new.self := new.self and new.verdict = 'accepted';
      if new.self and policy ->> 'selfApproval' <> 'record' then
        raise exception '% applied definition % of % and may not accept it', new.actor, new.version, new.model
          using errcode = 'TG002';
      end if;
      return new;
    end $$`.execute(db);
  await sql`
    create trigger definition_review_checked before insert on tidegate.definition_review
    for each row execute function tidegate.check_review()`.execute(db);
}

const AUDITED = [
  {
    kind: 'floor set',
    table: 'policy_floor',
    chain: '',
    actor: 'actor',
    subject: 'id',
    columns: 'id,policy,reason,actor,authority,grant_id,at',
    isAbout: 'true',
  },
  {
    kind: 'policy loosened',
    table: 'definition',
    chain: 'model',
    actor: 'applied_by',
    subject: 'model,version',
    columns: 'model,version,loosens',
    isAbout: 'new.loosens is not null',
  },
  {
    kind: 'definition reviewed',
    table: 'definition_review',
    chain: 'model',
    actor: 'actor',
    subject: 'model,version',
    columns: 'model,version,digest,verdict,comment,actor,authority,grant_id,self,at',
    isAbout: 'true',
  },
];

/** Floor, loosened policies and reviews are events of the audit log. */
async function record(db: Kysely<never>): Promise<void> {
  for (const { kind, table, chain, actor, subject, columns, isAbout } of AUDITED) {
    await sql`
      create constraint trigger ${sql.id(`audit_${kind.replaceAll(' ', '_')}`)} after insert on ${sql.id('tidegate', table)}
      deferrable initially deferred for each row when (${sql.raw(isAbout)})
      execute function tidegate.audit_row(${sql.join(
        [kind, chain, actor, subject, columns, ''].map((text) => sql.lit(text)),
      )})`.execute(db);
  }
}

const keepRows = (db: Kysely<never>, table: string) =>
  sql`
    create trigger ${sql.id(`${table}_append_only`)} before update or delete or truncate on ${sql.id('tidegate', table)}
    for each statement execute function tidegate.refuse_change()`.execute(db);

const mustUseGrant = (db: Kysely<never>, table: string, what: string) =>
  sql`
    create constraint trigger ${sql.id(`${table}_granted`)} after insert on ${sql.id('tidegate', table)}
    deferrable initially deferred for each row when (new.grant_id is not null)
    execute function tidegate.check_used_grant(${sql.lit(what)})`.execute(db);
