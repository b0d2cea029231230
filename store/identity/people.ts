// People and service accounts, and the roles that they are granted.
import { type Kysely, sql } from 'kysely';
import { TidegateError } from '../../domain/errors.ts';
import { nameProblem } from '../../domain/decisions/written-text.ts';
import { UNVERIFIED } from '../../domain/identity/caller.ts';
import { type RoleBinding } from '../../domain/identity/roles.ts';
import { type Tables } from '../postgres/tables.ts';

/** A person or service account. */
export interface Person {
  readonly id: number;
  readonly kind: 'person' | 'service';
  readonly name: string;
  readonly ownerId: number | null;
  readonly disabledAt: Date | null;
}

/** Finds a person or service account by name; letter case does not matter. */
export const findPerson = (kysely: Kysely<Tables>, name: string): Promise<Person | undefined> =>
  kysely
    .selectFrom('tidegate.principal')
    .select(['id', 'kind', 'name', 'ownerId', 'disabledAt'])
    .where(sql<boolean>`lower(name) = lower(${name})`)
    .executeTakeFirst();

/** Returns a person or service account by name. @throws TidegateError UNKNOWN_PERSON */
export async function getPerson(kysely: Kysely<Tables>, name: string): Promise<Person> {
  const person = await findPerson(kysely, name);
  if (!person) throw new TidegateError('UNKNOWN_PERSON', `there is no person or service account ${name}`);
  return person;
}

/** A person or service account to create. */
export interface NewPerson {
  readonly name: string;
  /** The person who owns it, if it is a service account; a service account cannot own another. */
  readonly owner: Person | null;
  readonly createdBy: number | null;
}

/** Creates a person, or a service account if `owner` is given. @throws TidegateError INVALID_REQUEST */
export async function createPerson(
  kysely: Kysely<Tables>,
  { name, owner, createdBy }: NewPerson,
): Promise<Person> {
  const problem =
    name.toLowerCase() === UNVERIFIED.name
      ? `name cannot be ${name}, which stands for callers who were not asked who they are`
      : nameProblem('name', name);
  if (problem !== undefined) throw new TidegateError('INVALID_REQUEST', problem);
  if (owner?.kind === 'service') {
    throw new TidegateError(
      'INVALID_REQUEST',
      `${owner.name} is a service account and cannot own another; name the person who answers for ${name}`,
    );
  }
  return kysely
    .insertInto('tidegate.principal')
    .values({
      kind: owner ? 'service' : 'person',
      name,
      ownerId: owner?.id ?? null,
      issuer: null,
      subject: null,
      createdBy,
    })
    .returning(['id', 'kind', 'name', 'ownerId', 'disabledAt'])
    .executeTakeFirstOrThrow();
}

/** Who has a role: a person or service account by id, or everybody whose token names a group. */
export type Holder = { readonly personId: number } | { readonly group: string };

/** Grants a role; a role that the holder has already is left as it is. @returns whether it was granted now */
export async function grantRole(
  kysely: Kysely<Tables>,
  holder: Holder,
  { role, model }: RoleBinding,
  grantedBy: number | null,
): Promise<boolean> {
  const { rows } = await sql<{ id: number }>`
    insert into tidegate.role_binding (principal_id, oidc_group, role, model, granted_by)
    values (${'personId' in holder ? holder.personId : null}, ${'group' in holder ? holder.group : null},
            ${role}, ${model}, ${grantedBy})
    on conflict do nothing returning id`.execute(kysely);
  return rows.length > 0;
}

/** A role that somebody has. */
export interface GrantedRole extends RoleBinding {
  readonly id: number;
  /** Name of the person or service account; null for a group. */
  readonly account: string | null;
  readonly kind: 'person' | 'service' | null;
  /** Name of the person who owns the service account. */
  readonly owner: string | null;
  readonly group: string | null;
  readonly disabled: boolean;
  readonly grantedBy: string | null;
  readonly grantedAt: Date;
}

/** Lists the roles that people, service accounts and groups have now. */
export const listRoles = (kysely: Kysely<Tables>): Promise<GrantedRole[]> =>
  kysely
    .selectFrom('tidegate.role_binding as b')
    .leftJoin('tidegate.principal as p', 'p.id', 'b.principalId')
    .leftJoin('tidegate.principal as o', 'o.id', 'p.ownerId')
    .leftJoin('tidegate.principal as g', 'g.id', 'b.grantedBy')
    .where('b.endedAt', 'is', null)
    .select([
      'b.id',
      'b.role',
      'b.model',
      'b.oidcGroup as group',
      'b.grantedAt',
      'p.name as account',
      'p.kind',
      'o.name as owner',
      'g.name as grantedBy',
      sql<boolean>`p.disabled_at is not null or o.disabled_at is not null`.as('disabled'),
    ])
    .orderBy('b.id')
    .execute();

/** Ends a role. @throws TidegateError UNKNOWN_ROLE if there is no such role, or it has ended already */
export async function endRole(kysely: Kysely<Tables>, id: number, endedBy: number | null): Promise<void> {
  const { numUpdatedRows } = await kysely
    .updateTable('tidegate.role_binding')
    .set({ endedAt: sql<Date>`now()`, endedBy })
    .where('id', '=', id)
    .where('endedAt', 'is', null)
    .executeTakeFirst();
  if (numUpdatedRows === 0n)
    throw new TidegateError('UNKNOWN_ROLE', `nobody has a role with the id ${id} now`);
}

/** Disables or enables a person or service account; their credentials stop working while it is disabled. */
export async function setDisabled(kysely: Kysely<Tables>, id: number, disabled: boolean): Promise<void> {
  await kysely
    .updateTable('tidegate.principal')
    .set({ disabledAt: disabled ? sql<Date>`coalesce(disabled_at, now())` : null })
    .where('id', '=', id)
    .execute();
}

/** Returns the roles that a person or service account has itself. */
export const rolesOf = (kysely: Kysely<Tables>, personId: number): Promise<RoleBinding[]> =>
  kysely
    .selectFrom('tidegate.role_binding')
    .select(['role', 'model'])
    .where('principalId', '=', personId)
    .where('endedAt', 'is', null)
    .execute();
