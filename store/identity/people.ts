// People and service accounts, and the roles that they are granted.
import { type Kysely, sql } from 'kysely';
import { TidegateError } from '../../domain/errors.ts';
import { nameProblem } from '../../domain/decisions/written-text.ts';
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
  const problem = nameProblem('name', name);
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
