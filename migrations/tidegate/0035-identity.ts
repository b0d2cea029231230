// People and service accounts, their roles, and the credentials with which they prove who they are.
import { type Kysely, sql } from 'kysely';

const ROLES = sql.raw(`'viewer', 'predictor', 'trainer', 'operator', 'approver', 'admin'`);

export async function up(db: Kysely<never>): Promise<void> {
  await principals(db);
  await keys(db);
  await roles(db);
  await sessions(db);
  await announceChanges(db);
}

async function principals(db: Kysely<never>): Promise<void> {
  await sql`
    create table tidegate.principal (
      id          bigint generated always as identity primary key,
      kind        text not null check (kind in ('person', 'service')),
      name        text not null check (length(name) between 1 and 200 and tidegate.is_name(name)),
      -- The person who answers for a service account.
      owner_id    bigint references tidegate.principal (id),
      -- Of a person who signs in with an OpenID Connect issuer.
      issuer      text,
      subject     text,
      created_by  bigint references tidegate.principal (id),
      created_at  timestamptz not null default now(),
      disabled_at timestamptz,
      unique (issuer, subject),
      check ((issuer is null) = (subject is null)),
      check ((kind = 'service') = (owner_id is not null)),
      check (kind = 'person' or issuer is null),
      -- The name that is recorded for callers who were not asked who they are.
      check (lower(name) <> 'unverified')
    )`.execute(db);
  await sql`create unique index principal_name on tidegate.principal (lower(name))`.execute(db);
  await sql`
    create function tidegate.guard_principal() returns trigger language plpgsql as $$
    begin
      if tg_op = 'INSERT' then
        if new.owner_id is not null and not exists (
          select from tidegate.principal p where p.id = new.owner_id and p.kind = 'person') then
          raise exception 'a service account belongs to a person and not to another service account'
            using errcode = 'TG003';
        end if;
        return new;
      end if;
      if to_jsonb(new) - 'disabled_at' is distinct from to_jsonb(old) - 'disabled_at' then
        raise exception 'a person or service account can only be disabled and enabled' using errcode = 'TG001';
      end if;
      return new;
    end $$`.execute(db);
  await sql`
    create trigger principal_guarded before insert or update on tidegate.principal
    for each row execute function tidegate.guard_principal()`.execute(db);
  await keepRows(db, 'principal');
}

async function keys(db: Kysely<never>): Promise<void> {
  await sql`
    create table tidegate.api_key (
      id           text primary key check (id ~ '^[a-z0-9]{12}$'),
      principal_id bigint not null references tidegate.principal (id),
      -- SHA-256 of the whole secret, which is stored nowhere.
      hash         bytea not null unique check (length(hash) = 32),
      roles        text[] not null check (cardinality(roles) > 0 and roles <@ array[${ROLES}]),
      -- Null: every model for which the owner has the role.
      models       text[] check (cardinality(models) > 0),
      note         text not null default '' check (length(note) <= 200 and tidegate.is_name(note)),
      created_by   bigint references tidegate.principal (id),
      created_at   timestamptz not null default now(),
      expires_at   timestamptz not null,
      revoked_by   bigint references tidegate.principal (id),
      revoked_at   timestamptz,
      -- Written at most once a minute.
      last_used_at timestamptz,
      check (expires_at > created_at and expires_at <= created_at + interval '366 days')
    )`.execute(db);
  await sql`create index api_key_principal on tidegate.api_key (principal_id)`.execute(db);
  await sql`
    create function tidegate.guard_api_key() returns trigger language plpgsql as $$
    declare
      changing constant text[] := '{revoked_at,revoked_by,last_used_at}';
    begin
      if to_jsonb(new) - changing is distinct from to_jsonb(old) - changing
         or (old.revoked_at is not null and (new.revoked_at, new.revoked_by) is distinct from (old.revoked_at, old.revoked_by)) then
        raise exception 'a key can only be revoked, and stays so' using errcode = 'TG001';
      end if;
      return new;
    end $$`.execute(db);
  await sql`
    create trigger api_key_guarded before update on tidegate.api_key
    for each row execute function tidegate.guard_api_key()`.execute(db);
  await keepRows(db, 'api_key');
}

async function roles(db: Kysely<never>): Promise<void> {
  await sql`
    create table tidegate.role_binding (
      id           bigint generated always as identity primary key,
      principal_id bigint references tidegate.principal (id),
      -- Everybody whose token names this group.
      oidc_group   text check (length(oidc_group) between 1 and 300),
      role         text not null check (role in (${ROLES})),
      -- Null: for all models. The model need not exist yet.
      model        text check (length(model) between 1 and 200),
      granted_by   bigint references tidegate.principal (id),
      granted_at   timestamptz not null default now(),
      ended_by     bigint references tidegate.principal (id),
      ended_at     timestamptz,
      check ((principal_id is null) <> (oidc_group is null))
    )`.execute(db);
  await sql`
    create unique index one_role_binding on tidegate.role_binding
      (coalesce(principal_id, 0), coalesce(oidc_group, ''), role, coalesce(model, '')) where ended_at is null`.execute(
    db,
  );
  await sql`
    create function tidegate.guard_role_binding() returns trigger language plpgsql as $$
    declare
      changing constant text[] := '{ended_at,ended_by}';
    begin
      if to_jsonb(new) - changing is distinct from to_jsonb(old) - changing or old.ended_at is not null then
        raise exception 'a role can only be ended, once' using errcode = 'TG001';
      end if;
      return new;
    end $$`.execute(db);
  await sql`
    create trigger role_binding_guarded before update on tidegate.role_binding
    for each row execute function tidegate.guard_role_binding()`.execute(db);
  await keepRows(db, 'role_binding');
}

async function sessions(db: Kysely<never>): Promise<void> {
  await sql`
    create table tidegate.session (
      id_hash      bytea primary key check (length(id_hash) = 32),
      principal_id bigint not null references tidegate.principal (id),
      csrf_hash    bytea not null check (length(csrf_hash) = 32),
      -- Groups that the issuer named at sign-in.
      groups       text[] not null default '{}',
      via          text not null check (via in ('oidc', 'link', 'device')),
      created_at   timestamptz not null default now(),
      expires_at   timestamptz not null,
      ended_at     timestamptz,
      check (expires_at > created_at and expires_at <= created_at + interval '31 days')
    )`.execute(db);
  await sql`create index session_principal on tidegate.session (principal_id)`.execute(db);
  await sql`
    create table tidegate.sign_in_link (
      hash         bytea primary key check (length(hash) = 32),
      principal_id bigint not null references tidegate.principal (id),
      created_at   timestamptz not null default now(),
      expires_at   timestamptz not null,
      consumed_at  timestamptz
    )`.execute(db);
}

/** Counts the changes after which an API process must read again what it holds in memory, and sends a notification. */
async function announceChanges(db: Kysely<never>): Promise<void> {
  // One row and not a sequence, because the numbers must become visible in the order in which they are given.
  await sql`
    create table tidegate.identity_generation (
      singleton  boolean primary key default true check (singleton),
      generation bigint not null
    )`.execute(db);
  await sql`insert into tidegate.identity_generation (generation) values (1)`.execute(db);
  await sql`
    create function tidegate.announce_identity() returns trigger language plpgsql as $$
    begin
      update tidegate.identity_generation set generation = generation + 1;
      perform pg_notify('tidegate_identity', '');
      return null;
    end $$`.execute(db);
  for (const [name, event, table] of [
    ['principal_announced', 'update', 'principal'],
    ['api_key_announced', 'insert or update of revoked_at', 'api_key'],
    ['role_binding_announced', 'insert or update', 'role_binding'],
    ['session_announced', 'update of ended_at', 'session'],
  ] as const) {
    await sql`
      create trigger ${sql.id(name)} after ${sql.raw(event)} on ${sql.id('tidegate', table)}
      for each statement execute function tidegate.announce_identity()`.execute(db);
  }
}

const keepRows = (db: Kysely<never>, table: string) =>
  sql`
    create trigger ${sql.id(`${table}_kept`)} before delete or truncate on ${sql.id('tidegate', table)}
    for each statement execute function tidegate.refuse_change()`.execute(db);
