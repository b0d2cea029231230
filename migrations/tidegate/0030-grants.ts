// Grants: what a person was allowed to do after the API had authenticated this person. Each is used at most once.
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<never>): Promise<void> {
  // "grant" is a reserved word.
  await sql`
    create table tidegate.action_grant (
      id              text primary key,
      action          text not null check (action ~ '^[a-z][a-z-]{1,39}$'),
      model           text not null,
      version         int,
      evidence_digest text,
      person_id       bigint not null,
      -- The name as it was at that moment.
      person          text not null check (tidegate.is_name(person)),
      -- The person who owns a service account; null if a person acts in person.
      owner_id        bigint,
      -- Who answers for the action: a service account counts as its owner.
      answerable_id   bigint generated always as (coalesce(owner_id, person_id)) stored,
      -- The person's roles for this model and the groups of the person's token, as they were at that moment.
      roles           text[] not null,
      groups          text[] not null default '{}',
      via             text not null check (via in ('key', 'session', 'oidc')),
      -- Which key, session or token it was: never the secret itself.
      credential      text not null,
      comment         text not null check (length(comment) <= 2000),
      created_at      timestamptz not null default clock_timestamp(),
      expires_at      timestamptz not null,
      consumed_at     timestamptz,
      -- What used the grant, such as a request or a run.
      consumed_by     text,
      -- What the consumer answered, so that a repeated call gets the same answer.
      result          jsonb,
      check (expires_at <= created_at + interval '1 day'),
      check ((consumed_at is null) = (consumed_by is null)),
      check (result is null or consumed_at is not null)
    )`.execute(db);
  await sql`
    create index action_grant_of_model on tidegate.action_grant (model, version, created_at)`.execute(db);
  await sql`
    create function tidegate.guard_action_grant() returns trigger language plpgsql as $$
    declare
      -- A generated column is computed after this trigger.
      filled constant text[] := '{consumed_at,consumed_by,result,answerable_id}';
    begin
      if tg_op = 'INSERT' then
        if new.consumed_at is not null or new.consumed_by is not null or new.result is not null then
          raise exception 'a grant begins unused' using errcode = 'TG001';
        end if;
        new.created_at := clock_timestamp();
        return new;
      end if;
      if old.consumed_at is not null or to_jsonb(new) - filled is distinct from to_jsonb(old) - filled then
        raise exception 'a grant never changes, except that it is used once' using errcode = 'TG001';
      end if;
      if new.consumed_by is null then
        raise exception 'the use of a grant says what used it' using errcode = 'TG001';
      end if;
      new.consumed_at := clock_timestamp();
      if new.consumed_at > old.expires_at then
        raise exception 'grant % expired at %', old.id, old.expires_at using errcode = 'TG004';
      end if;
      return new;
    end $$`.execute(db);
  await sql`
    create trigger action_grant_guarded before insert or update on tidegate.action_grant
    for each row execute function tidegate.guard_action_grant()`.execute(db);
  await sql`
    create trigger action_grant_kept before delete or truncate on tidegate.action_grant
    for each statement execute function tidegate.refuse_change()`.execute(db);

  // The promotion policy as it was when the evidence was assembled; null for evidence from before.
  await sql`alter table tidegate.evidence add column policy jsonb`.execute(db);

  await sql`
    alter table tidegate.decision
      add column grant_id text references tidegate.action_grant (id),
      add column person_id bigint,
      -- Whether this decision ended the wait: enough people have approved, or a refusal ended it.
      add column settles boolean not null default false`.execute(db);
  await sql`alter table tidegate.decision drop constraint decision_authority_check`.execute(db);
  await sql`
    alter table tidegate.decision add constraint decision_authority_check
      check (authority in ('unverified', 'key', 'session', 'oidc'))`.execute(db);
  await sql`alter table tidegate.decision disable trigger decision_append_only`.execute(db);
  await sql`update tidegate.decision set settles = true where accepted`.execute(db);
  await sql`alter table tidegate.decision enable trigger decision_append_only`.execute(db);
  // A process of the release before does not say whether a decision settles: the first that is accepted does.
  await sql`
    create function tidegate.settle_decision() returns trigger language plpgsql as $$
    begin
      new.settles := new.accepted and (new.settles or new.grant_id is null);
      return new;
    end $$`.execute(db);
  await sql`
    create trigger decision_settles before insert on tidegate.decision
    for each row execute function tidegate.settle_decision()`.execute(db);
  await sql`drop index tidegate.one_accepted_decision`.execute(db);
  await sql`
    create unique index one_settling_decision on tidegate.decision (model, version) where settles`.execute(
    db,
  );
  await sql`
    create unique index one_decision_of_person on tidegate.decision (model, version, person_id)
      where accepted and person_id is not null`.execute(db);
  await sql`
    create unique index one_decision_of_grant on tidegate.decision (grant_id) where grant_id is not null`.execute(
    db,
  );

  // Whose grant started what is trained, and who applied what it is trained from; null if nobody was authenticated.
  for (const table of ['definition', 'report', 'retrain']) {
    await sql`
      alter table ${sql.id('tidegate', table)}
        add column grant_id text references tidegate.action_grant (id)`.execute(db);
  }
}
