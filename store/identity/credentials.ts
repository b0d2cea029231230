// Reads what credentials allow, and records their use.
import { sql } from 'kysely';
import { type RoleBinding, type Role } from '../../domain/identity/roles.ts';
import { type Database } from '../postgres/database.ts';

/** NOTIFY channel for changes of people, roles, keys and sessions. */
export const IDENTITY_CHANNEL = 'tidegate_identity';

/** A person or service account, and what it may do. */
export interface Principal {
  readonly id: number;
  readonly kind: 'person' | 'service';
  readonly name: string;
  readonly ownerId: number | null;
  /** Whether the account, or the person who owns the service account, is disabled. */
  readonly disabled: boolean;
  readonly bindings: readonly RoleBinding[];
}

/** A key as it is stored; it may have been revoked or have expired. */
export interface StoredKey {
  readonly id: string;
  readonly hash: string;
  readonly roles: readonly Role[];
  readonly models: readonly string[] | null;
  readonly expiresAt: Date;
  readonly revokedAt: Date | null;
  readonly principal: Principal;
}

/** What a read found, and the number of changes of identities that it saw. */
export interface AtGeneration<T> {
  readonly generation: number;
  readonly found: readonly T[];
}

/** Returns the number of changes of identities so far. What was read at an earlier number may be out of date. */
export async function readGeneration({ kysely }: Database): Promise<number> {
  const { generation } = await kysely
    .selectFrom('tidegate.identity_generation')
    .select('generation')
    .executeTakeFirstOrThrow();
  return generation;
}

/** The columns of a principal `p` and its owner `o`, with the roles that it has itself or through `groups`. */
const principalColumns = (groups = sql`'{}'::text[]`) => sql`
  p.id as "principalId", p.kind, p.name, p.owner_id as "ownerId",
  (p.disabled_at is not null or o.disabled_at is not null) as disabled,
  (select coalesce(jsonb_agg(jsonb_build_object('role', b.role, 'model', b.model)), '[]')
   from tidegate.role_binding b
   where b.ended_at is null and (b.principal_id = p.id or b.oidc_group = any(${groups}))) as bindings`;

interface PrincipalRow extends Omit<Principal, 'id'> {
  readonly principalId: number;
}

const principalOf = ({ principalId, kind, name, ownerId, disabled, bindings }: PrincipalRow): Principal => ({
  id: principalId,
  kind,
  name,
  ownerId,
  disabled,
  bindings,
});

/**
 * Looks up keys by the hashes of their secrets, revoked and expired ones too. Generation and keys are read by one
 * statement, so they belong together.
 */
export async function findKeys(
  { kysely }: Database,
  hashes: readonly string[],
): Promise<AtGeneration<StoredKey>> {
  type Row = PrincipalRow &
    Omit<StoredKey, 'principal' | 'id'> & { readonly generation: number; readonly keyId: string | null };
  const { rows } = await sql<Row>`
    select g.generation, k.*
    from tidegate.identity_generation g
    left join (
      select k.id as "keyId", encode(k.hash, 'hex') as hash, k.roles, k.models, k.expires_at as "expiresAt",
             k.revoked_at as "revokedAt", ${principalColumns()}
      from tidegate.api_key k
      join tidegate.principal p on p.id = k.principal_id
      left join tidegate.principal o on o.id = p.owner_id
      where k.hash in (select decode(h, 'hex') from unnest(${hashes}::text[]) h)
    ) k on true`.execute(kysely);
  return {
    generation: rows[0]?.generation ?? 0,
    found: rows.flatMap((row) =>
      row.keyId === null
        ? []
        : {
            id: row.keyId,
            hash: row.hash,
            roles: row.roles,
            models: row.models,
            expiresAt: row.expiresAt,
            revokedAt: row.revokedAt,
            principal: principalOf(row),
          },
    ),
  };
}

/** A person of an issuer, with what their groups allow. */
export interface StoredIssuerPerson {
  readonly hash: string;
  readonly principal: Principal;
}

/** The text by which a person of an issuer and their groups are looked up and kept in memory. */
export const issuerPersonKey = (issuer: string, subject: string, groups: readonly string[]): string =>
  JSON.stringify([issuer, subject, groups]);

/** Looks up people of issuers by {@link issuerPersonKey}, with the roles of their groups. */
export async function findIssuerPeople(
  { kysely }: Database,
  keys: readonly string[],
): Promise<AtGeneration<StoredIssuerPerson>> {
  type Row = PrincipalRow & { readonly generation: number; readonly hash: string | null };
  const { rows } = await sql<Row>`
    select g.generation, w.*
    from tidegate.identity_generation g
    left join (
      select asked as hash, ${principalColumns(sql`array(select jsonb_array_elements_text(asked::jsonb -> 2))`)}
      from unnest(${keys}::text[]) asked
      join tidegate.principal p on p.issuer = asked::jsonb ->> 0 and p.subject = asked::jsonb ->> 1
      left join tidegate.principal o on o.id = p.owner_id
    ) w on true`.execute(kysely);
  return {
    generation: rows[0]?.generation ?? 0,
    found: rows.flatMap((row) => (row.hash === null ? [] : { hash: row.hash, principal: principalOf(row) })),
  };
}

/** A session as it is stored; it may have ended or expired. */
export interface StoredSession {
  readonly hash: string;
  /** Groups that the issuer named at sign-in. */
  readonly groups: readonly string[];
  readonly expiresAt: Date;
  readonly endedAt: Date | null;
  readonly principal: Principal;
}

/** Looks up sessions by the hashes of their secrets, with the roles of their groups. */
export async function findSessions(
  { kysely }: Database,
  hashes: readonly string[],
): Promise<AtGeneration<StoredSession>> {
  type Row = PrincipalRow &
    Omit<StoredSession, 'principal' | 'hash'> & { readonly generation: number; readonly hash: string | null };
  const { rows } = await sql<Row>`
    select g.generation, w.*
    from tidegate.identity_generation g
    left join (
      select encode(s.id_hash, 'hex') as hash, s.expires_at as "expiresAt", s.ended_at as "endedAt", s.groups,
             ${principalColumns(sql`s.groups`)}
      from tidegate.session s
      join tidegate.principal p on p.id = s.principal_id
      left join tidegate.principal o on o.id = p.owner_id
      where s.id_hash in (select decode(h, 'hex') from unnest(${hashes}::text[]) h)
    ) w on true`.execute(kysely);
  return {
    generation: rows[0]?.generation ?? 0,
    found: rows.flatMap((row) =>
      row.hash === null
        ? []
        : {
            hash: row.hash,
            groups: row.groups,
            expiresAt: row.expiresAt,
            endedAt: row.endedAt,
            principal: principalOf(row),
          },
    ),
  };
}

/** Records that keys were used just now; a key that was recorded within the last minute is left as it is. */
export async function recordKeyUse({ kysely }: Database, ids: readonly string[]): Promise<void> {
  await sql`
    update tidegate.api_key set last_used_at = now()
    where id = any(${ids}::text[]) and (last_used_at is null or last_used_at < now() - interval '1 minute')`.execute(
    kysely,
  );
}
