// Makes, lists and revokes API keys.
import { z } from 'zod';
import { TidegateError } from '../../domain/errors.ts';
import { MAX_NAME } from '../../domain/decisions/written-text.ts';
import { type Role, ROLES, rolesFor } from '../../domain/identity/roles.ts';
import { createKey, DEFAULT_KEY_DAYS, listKeys, MAX_KEY_DAYS, revokeKey } from '../../store/identity/keys.ts';
import {
  createPerson,
  findPerson,
  getPerson,
  grantRole,
  type Person,
  rolesOf,
} from '../../store/identity/people.ts';
import { inKyselyTransaction } from '../../store/postgres/connections.ts';
import { type Database } from '../../store/postgres/database.ts';
import { type ApiDeps, type App } from '../context/types.ts';
import { errorResponses, instant, storableText } from '../schemas/common.ts';

const role = z.enum(ROLES);
const account = storableText(MAX_NAME).min(1);

const keyBody = z
  .strictObject({
    account: account.describe('The person or service account that the key belongs to'),
    create: z
      .enum(['person', 'service'])
      .optional()
      .describe('Creates the account with the roles of the key; without this it must exist'),
    owner: account.optional().describe('The person who owns a new service account; default: the caller'),
    roles: z.array(role).min(1).max(ROLES.length).describe('What the key allows at most'),
    models: z
      .array(storableText(200).min(1))
      .min(1)
      .max(100)
      .optional()
      .describe('The models for which the key is valid; all if left out'),
    days: z
      .int()
      .min(1)
      .max(MAX_KEY_DAYS)
      .default(DEFAULT_KEY_DAYS)
      .describe('For how many days it is valid'),
    note: storableText(200).default('').describe('What the key is for'),
  })
  .meta({
    examples: [{ account: 'web shop', create: 'service', roles: ['predictor'], models: ['churn'], days: 90 }],
  });

type KeyBody = z.output<typeof keyBody>;

const madeKey = z.object({
  id: z.string(),
  key: z.string().describe('Shown once; only its hash is stored'),
  account: z.string(),
  roles: z.array(role),
  models: z.array(z.string()).nullable(),
  expiresAt: instant,
});

const listedKey = z.object({
  id: z.string(),
  account: z.string(),
  kind: z.enum(['person', 'service']),
  roles: z.array(role),
  models: z.array(z.string()).nullable(),
  note: z.string(),
  createdBy: z.string().nullable(),
  createdAt: instant,
  expiresAt: instant,
  revokedAt: instant.nullable(),
  lastUsedAt: instant.nullable().describe('Accurate to about a minute'),
});

/** `POST /keys`, `GET /keys` and `DELETE /keys/:id`. */
export function keyRoutes(app: App, { database }: ApiDeps): void {
  app.post(
    '/keys',
    {
      schema: {
        tags: ['identity'],
        summary: 'Make a key, which is shown once',
        body: keyBody,
        response: { 200: madeKey, ...errorResponses },
      },
    },
    ({ body, caller }) => makeKey(database, body, caller.personId),
  );

  app.get(
    '/keys',
    {
      schema: {
        tags: ['identity'],
        summary: 'All keys, without their secrets',
        response: { 200: z.object({ keys: z.array(listedKey) }), ...errorResponses },
      },
    },
    async () => {
      const keys = await listKeys(database.kysely);
      return {
        keys: keys.map(({ roles, models, createdAt, expiresAt, revokedAt, lastUsedAt, ...key }) => ({
          ...key,
          roles: [...roles],
          models: models && [...models],
          createdAt: createdAt.toISOString(),
          expiresAt: expiresAt.toISOString(),
          revokedAt: revokedAt?.toISOString() ?? null,
          lastUsedAt: lastUsedAt?.toISOString() ?? null,
        })),
      };
    },
  );

  app.delete(
    '/keys/:id',
    {
      schema: {
        tags: ['identity'],
        summary: 'Revoke a key; every process refuses it within two seconds',
        params: z.strictObject({
          id: z.string().regex(/^(tgk_)?[a-z0-9]{12}$/, 'must be the id of a key, 12 letters and digits'),
        }),
        response: { 200: z.object({ id: z.string(), revoked: z.literal(true) }), ...errorResponses },
      },
    },
    async ({ params, caller }) => {
      const id = params.id.replace(/^tgk_/, '');
      await revokeKey(database.kysely, id, caller.personId);
      return { id, revoked: true as const };
    },
  );
}

const makeKey = (database: Database, body: KeyBody, callerId: number | null) =>
  inKyselyTransaction(database, async (transaction) => {
    const { roles, models = null, days, note } = body;
    const owned = await accountFor(transaction, body, callerId);
    const made = await createKey(transaction, {
      principalId: owned.id,
      roles,
      models,
      days,
      note,
      createdBy: callerId,
    });
    const { id, secret: key, expiresAt } = made;
    return { id, key, account: owned.name, roles, models, expiresAt: expiresAt.toISOString() };
  });

/** Finds or creates the account of a key. @throws TidegateError UNKNOWN_PERSON, INVALID_REQUEST */
async function accountFor(
  kysely: Database['kysely'],
  { account: name, create, owner, roles, models }: KeyBody,
  callerId: number | null,
): Promise<Person> {
  const known = await findPerson(kysely, name);
  if (known) {
    if (create !== undefined) {
      throw new TidegateError('INVALID_REQUEST', `there is an account ${known.name} already`, {
        remedy: 'Leave `create` out to make another key for it, or choose another name.',
      });
    }
    await requireRoles(kysely, known, roles, models);
    return known;
  }
  if (create === undefined) {
    throw new TidegateError('UNKNOWN_PERSON', `there is no person or service account ${name}`, {
      remedy: 'Create it with the key: `tidegate key create … --new-person` or `--service-of <person>`.',
    });
  }
  const person = await createPerson(kysely, {
    name,
    owner: create === 'service' ? await ownerOf(kysely, owner, callerId) : null,
    createdBy: callerId,
  });
  for (const each of roles) {
    for (const model of models ?? [null])
      await grantRole(kysely, { personId: person.id }, { role: each, model }, callerId);
  }
  return person;
}

async function ownerOf(
  kysely: Database['kysely'],
  owner: string | undefined,
  callerId: number | null,
): Promise<Person> {
  if (owner !== undefined) return getPerson(kysely, owner);
  const caller =
    callerId === null
      ? undefined
      : await kysely
          .selectFrom('tidegate.principal')
          .select(['id', 'kind', 'name', 'ownerId', 'disabledAt'])
          .where('id', '=', callerId)
          .executeTakeFirst();
  if (!caller)
    throw new TidegateError('INVALID_REQUEST', 'owner: name the person who owns the service account');
  return caller;
}

/** A key with a role that its account does not have would look valid and be refused everywhere. */
async function requireRoles(
  kysely: Database['kysely'],
  person: Person,
  roles: readonly Role[],
  models: readonly string[] | undefined,
): Promise<void> {
  const bindings = await rolesOf(kysely, person.id);
  const places = models ?? [null, ...bindings.map(({ model }) => model)];
  const missing = roles.find(
    (each) => !places.some((model) => rolesFor(bindings, undefined, model).includes(each)),
  );
  if (missing === undefined) return;
  throw new TidegateError('INVALID_REQUEST', `${person.name} does not have the role ${missing}`, {
    remedy: `Grant it first: \`tidegate role grant "${person.name}" ${missing}\`.`,
  });
}
