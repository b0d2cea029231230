// The first admin of an installation, who makes all other keys and roles.
import { sql } from 'kysely';
import { TidegateError } from '../../domain/errors.ts';
import { inKyselyTransaction } from '../postgres/connections.ts';
import { type Database } from '../postgres/database.ts';
import { createKey, type MadeKey, MAX_KEY_DAYS } from './keys.ts';
import { createPerson, findPerson, grantRole } from './people.ts';

/**
 * Whether somebody can act as an admin of all models: with a valid key, through an issuer, or through a group that has
 * the role. The role alone does not count, because its holder may have lost every key.
 */
export async function hasAdmin({ kysely }: Pick<Database, 'kysely'>): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`
    select exists (
      select from tidegate.role_binding b
      left join tidegate.principal p on p.id = b.principal_id
      left join tidegate.principal o on o.id = p.owner_id
      where b.role = 'admin' and b.model is null and b.ended_at is null
        and p.disabled_at is null and o.disabled_at is null
        and (b.oidc_group is not null or p.issuer is not null or exists (
          select from tidegate.api_key k
          where k.principal_id = p.id and 'admin' = any(k.roles) and k.models is null
            and k.revoked_at is null and k.expires_at > now()))) as found`.execute(kysely);
  return rows[0]!.found;
}

/**
 * Makes a key for the first admin, valid for a year. The person is created if there is nobody of this name.
 *
 * @throws TidegateError ADMIN_EXISTS; INVALID_REQUEST if the person is disabled or is a service account
 */
export const createFirstAdmin = (database: Database, name: string, note: string): Promise<MadeKey> =>
  inKyselyTransaction(database, async (transaction) => {
    // One after the other, so that two calls cannot both find that there is no admin.
    await sql`select pg_advisory_xact_lock(hashtextextended('tidegate first admin', 0))`.execute(transaction);
    if (await hasAdmin({ kysely: transaction }))
      throw new TidegateError('ADMIN_EXISTS', 'this installation has an admin already');
    return createAdminKey(transaction, name, note);
  });

/**
 * Makes an admin key for a person of this machine, valid for a year, whether or not there is another admin.
 *
 * @throws TidegateError INVALID_REQUEST if the person is disabled or is a service account
 */
export const createLocalAdmin = (database: Database, name: string, note: string): Promise<MadeKey> =>
  inKyselyTransaction(database, (transaction) => createAdminKey(transaction, name, note));

async function createAdminKey(kysely: Database['kysely'], name: string, note: string): Promise<MadeKey> {
  const person =
    (await findPerson(kysely, name)) ?? (await createPerson(kysely, { name, owner: null, createdBy: null }));
  if (person.disabledAt !== null || person.kind === 'service') {
    const why = person.disabledAt === null ? 'is a service account' : 'is disabled';
    throw new TidegateError('INVALID_REQUEST', `${person.name} ${why} and cannot become an admin`, {
      remedy: 'Choose another name.',
    });
  }
  await grantRole(kysely, { personId: person.id }, { role: 'admin', model: null }, null);
  return createKey(kysely, {
    principalId: person.id,
    roles: ['admin'],
    models: null,
    days: MAX_KEY_DAYS,
    note,
    createdBy: null,
  });
}
