// The audit log: one hash chain of events for each model, and one for the installation, written by triggers.
import { type Kysely, sql } from 'kysely';

/** One kind of event: which change of which table it records, and what of the row. */
interface Audited {
  readonly kind: string;
  readonly table: string;
  /** The column that names the model; the chain of the installation if absent or null in the row. */
  readonly chain?: string;
  /** The column that names who did it. */
  readonly actor?: string;
  /** The columns that identify the row. */
  readonly subject: readonly string[];
  readonly columns: readonly string[];
  /** Columns of which only the SHA-256 is recorded. */
  readonly hashed?: readonly string[];
  /** Records the update that changes this column; without it, the insert. */
  readonly whenChanged?: string;
  /** When the row that exists was written. */
  readonly at: string;
}

const AUDITED: readonly Audited[] = [
  {
    kind: 'person added',
    table: 'principal',
    subject: ['id'],
    columns: ['id', 'kind', 'name', 'owner_id', 'issuer', 'subject', 'created_by', 'created_at'],
    at: 'created_at',
  },
  {
    kind: 'person disabled or enabled',
    table: 'principal',
    subject: ['id'],
    columns: ['id', 'disabled_at'],
    whenChanged: 'disabled_at',
    at: 'disabled_at',
  },
  {
    kind: 'key made',
    table: 'api_key',
    subject: ['id'],
    columns: ['id', 'principal_id', 'roles', 'models', 'note', 'created_by', 'created_at', 'expires_at'],
    hashed: ['hash'],
    at: 'created_at',
  },
  {
    kind: 'key revoked',
    table: 'api_key',
    subject: ['id'],
    columns: ['id', 'revoked_by', 'revoked_at'],
    whenChanged: 'revoked_at',
    at: 'revoked_at',
  },
  {
    kind: 'role given',
    table: 'role_binding',
    chain: 'model',
    subject: ['id'],
    columns: ['id', 'principal_id', 'oidc_group', 'role', 'model', 'granted_by', 'granted_at'],
    at: 'granted_at',
  },
  {
    kind: 'role ended',
    table: 'role_binding',
    chain: 'model',
    subject: ['id'],
    columns: ['id', 'ended_by', 'ended_at'],
    whenChanged: 'ended_at',
    at: 'ended_at',
  },
  {
    kind: 'signed in',
    table: 'session',
    subject: ['id_hash'],
    columns: ['id_hash', 'principal_id', 'groups', 'via', 'created_at', 'expires_at'],
    at: 'created_at',
  },
  {
    kind: 'signed out',
    table: 'session',
    subject: ['id_hash'],
    columns: ['id_hash', 'expires_at', 'ended_at'],
    whenChanged: 'ended_at',
    at: 'ended_at',
  },
  {
    kind: 'sign-in link made',
    table: 'sign_in_link',
    subject: ['hash'],
    columns: ['hash', 'principal_id', 'created_at', 'expires_at'],
    at: 'created_at',
  },
  {
    kind: 'sign-in link used',
    table: 'sign_in_link',
    subject: ['hash'],
    columns: ['hash', 'expires_at', 'consumed_at'],
    whenChanged: 'consumed_at',
    at: 'consumed_at',
  },
  {
    kind: 'grant issued',
    table: 'action_grant',
    chain: 'model',
    actor: 'person',
    subject: ['id'],
    columns: [
      'id', 'action', 'model', 'version', 'evidence_digest', 'person_id', 'person', 'owner_id', 'roles', 'groups', 'via',
      'credential', 'comment', 'created_at', 'expires_at',
    ], // prettier-ignore
    at: 'created_at',
  },
  {
    kind: 'definition applied',
    table: 'definition',
    chain: 'model',
    actor: 'applied_by',
    subject: ['model', 'version'],
    columns: ['model', 'version', 'digest', 'applied_by', 'grant_id', 'applied_at'],
    hashed: ['body'],
    at: 'applied_at',
  },
  {
    kind: 'evidence stored',
    table: 'evidence',
    chain: 'model',
    subject: ['model', 'version'],
    columns: ['model', 'version', 'digest', 'champion_version', 'policy', 'expires_at', 'created_at'],
    hashed: ['body'],
    at: 'created_at',
  },
  {
    kind: 'grant used',
    table: 'action_grant',
    chain: 'model',
    actor: 'person',
    subject: ['id'],
    columns: ['id', 'consumed_at', 'consumed_by', 'result'],
    whenChanged: 'consumed_at',
    at: 'consumed_at',
  },
  {
    kind: 'decision sent',
    table: 'decision',
    chain: 'model',
    actor: 'actor',
    subject: ['id'],
    columns: [
      'id', 'request', 'model', 'version', 'evidence_digest', 'decision', 'actor', 'authority', 'channel', 'comment',
      'accepted', 'refusal', 'settles', 'grant_id', 'person_id', 'workflow_id', 'run_id', 'at',
    ], // prettier-ignore
    at: 'at',
  },
  {
    kind: 'version moved',
    table: 'transition',
    chain: 'model',
    actor: 'actor',
    subject: ['id'],
    columns: [
      'id', 'model', 'version', 'from_stage', 'to_stage', 'reason', 'detail', 'actor', 'authority', 'evidence_digest',
      'workflow_id', 'run_id', 'at', 'hash',
    ], // prettier-ignore
    at: 'at',
  },
];

export async function up(db: Kysely<never>): Promise<void> {
  await chains(db);
  await triggers(db);
  await backFill(db);
}

async function chains(db: Kysely<never>): Promise<void> {
  await sql`
    create table tidegate.audit_event (
      -- The model, or '' for the installation.
      chain         text not null,
      -- Without gaps, from 1.
      position      bigint not null,
      kind          text not null,
      -- What identifies the row that the event is about.
      subject       text not null,
      actor         text not null,
      -- json and not jsonb: the hash is about the text as it is.
      body          json not null,
      at            timestamptz not null,
      previous_hash text not null,
      hash          text not null,
      primary key (chain, position)
    )`.execute(db);
  await sql`create index audit_event_subject on tidegate.audit_event (kind, subject)`.execute(db);
  // Appends of all chains take turns. The triggers run when a transaction commits, so this is the last lock that it
  // takes, and it cannot be part of a deadlock.
  await sql`
    create function tidegate.append_event() returns trigger language plpgsql as $$
    declare
      newest tidegate.audit_event;
    begin
      perform pg_advisory_xact_lock(hashtextextended('tidegate audit', 0));
      select * into newest from tidegate.audit_event e where e.chain = new.chain order by e.position desc limit 1;
      new.position := coalesce(newest.position, 0) + 1;
      new.at := clock_timestamp();
      new.previous_hash := coalesce(newest.hash, '');
      new.hash := encode(sha256(convert_to(jsonb_build_array(
        new.previous_hash, new.chain, new.position, new.kind, new.subject, new.actor,
        (extract(epoch from new.at) * 1000000)::bigint)::text || new.body::text, 'UTF8')), 'hex');
      return new;
    end $$`.execute(db);
  await sql`
    create trigger audit_event_appended before insert on tidegate.audit_event
    for each row execute function tidegate.append_event()`.execute(db);
  await sql`
    create trigger audit_event_append_only before update or delete or truncate on tidegate.audit_event
    for each statement execute function tidegate.refuse_change()`.execute(db);
  // Call this as the last statement of a transaction: it takes the lock of the log.
  await sql`
    create function tidegate.audit(chain text, kind text, subject text, actor text, body json) returns void
    language sql security definer set search_path = pg_catalog, pg_temp as $$
      insert into tidegate.audit_event (chain, kind, subject, actor, body) values ($1, $2, $3, $4, $5)
    $$`.execute(db);
  await sql`revoke execute on function tidegate.audit(text, text, text, text, json) from public`.execute(db);
}

/** The functions that turn a row into an event, and a trigger for each kind. */
async function triggers(db: Kysely<never>): Promise<void> {
  await sql`
    create function tidegate.audit_body(stored json, columns text[], hashed text[]) returns json
    language sql immutable as $$
      select jsonb_object_agg(name, value)::json from (
        select c, (stored -> c)::jsonb from unnest(columns) c
        union all
        select h || '_sha256', to_jsonb(encode(sha256(convert_to(stored ->> h, 'UTF8')), 'hex')) from unnest(hashed) h
      ) as part(name, value)
    $$`.execute(db);
  // Arguments: kind, column of the model, column of the actor, columns of the subject, columns, hashed columns. The
  // settings make the text of instants and bytes the same in every session.
  await sql`
    create function tidegate.audit_row() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    set timezone = 'UTC' set bytea_output = 'hex' as $$
    declare
      stored constant json := to_json(new);
    begin
      perform tidegate.audit(
        coalesce(stored ->> tg_argv[1], ''), tg_argv[0],
        (select string_agg(stored ->> c, '/' order by n)
         from unnest(string_to_array(tg_argv[3], ',')) with ordinality as u(c, n)),
        coalesce(stored ->> tg_argv[2], ''),
        tidegate.audit_body(stored, string_to_array(tg_argv[4], ','), string_to_array(tg_argv[5], ',')));
      return null;
    end $$`.execute(db);
  for (const audited of AUDITED) {
    const { kind, table, chain = '', actor = '', subject, columns, hashed = [], whenChanged } = audited;
    const list = [kind, chain, actor, subject.join(','), columns.join(','), hashed.join(',')];
    const name = `audit_${kind.replaceAll(/[ -]/g, '_')}`;
    const event =
      whenChanged === undefined
        ? sql`insert on ${sql.id('tidegate', table)} deferrable initially deferred for each row`
        : sql`update on ${sql.id('tidegate', table)} deferrable initially deferred for each row
            when (new.${sql.id(whenChanged)} is distinct from old.${sql.id(whenChanged)})`;
    await sql`
      create constraint trigger ${sql.id(name)} after ${event}
      execute function tidegate.audit_row(${sql.join(list.map((item) => sql.lit(item)))})`.execute(db);
  }
}

/** Writes the events of rows that exist, in the order in which they were written. */
async function backFill(db: Kysely<never>): Promise<void> {
  const array = (names: readonly string[]) =>
    sql`array[${sql.join(names.map((name) => sql.lit(name)))}]::text[]`;
  const selects = AUDITED.map((audited, order) => {
    const { kind, table, chain, actor, subject, columns, hashed = [], whenChanged, at } = audited;
    const text = (column: string | undefined) =>
      column === undefined ? sql`''` : sql`coalesce(r.${sql.id(column)}::text, '')`;
    return sql`
      select r.${sql.id(at)} as at, ${sql.lit(order)} as n, ${text(chain)} as chain, ${sql.lit(kind)} as kind,
        concat_ws('/', ${sql.join(subject.map((column) => sql`to_json(r) ->> ${sql.lit(column)}`))}) as subject,
        ${text(actor)} as actor, tidegate.audit_body(to_json(r), ${array(columns)}, ${array(hashed)}) as body
      from ${sql.id('tidegate', table)} r
      ${whenChanged === undefined ? sql`` : sql`where r.${sql.id(whenChanged)} is not null`}`;
  });
  await sql`
    select set_config('tidegate.timezone', current_setting('timezone'), true),
      set_config('tidegate.bytea_output', current_setting('bytea_output'), true)`.execute(db);
  await sql`select set_config('timezone', 'UTC', true), set_config('bytea_output', 'hex', true)`.execute(db);
  await sql`
    insert into tidegate.audit_event (chain, kind, subject, actor, body)
    select chain, kind, subject, actor, body from (${sql.join(selects, sql` union all `)}) as existing
    order by at, n, length(subject), subject`.execute(db);
  await sql`
    select set_config('timezone', current_setting('tidegate.timezone'), true),
      set_config('bytea_output', current_setting('tidegate.bytea_output'), true)`.execute(db);
  // What was recorded before the log existed cannot be checked against the rules of today.
  await sql`
    insert into tidegate.audit_event (chain, kind, subject, actor, body)
    select '', 'audit began', '', '', json_build_object('positions', coalesce(json_object_agg(chain, newest), '{}'))
    from (select chain, max(position) as newest from tidegate.audit_event group by chain) as chains`.execute(
    db,
  );
}
