// Grants, lists and ends roles, and disables accounts.
import { z } from 'zod';
import { TidegateError } from '../../domain/errors.ts';
import { MAX_NAME } from '../../domain/decisions/written-text.ts';
import { ROLES } from '../../domain/identity/roles.ts';
import { endRole, getPerson, grantRole, listRoles, setDisabled } from '../../store/identity/people.ts';
import { type ApiDeps, type App } from '../context/types.ts';
import { errorResponses, instant, storableText, wholeNumber } from '../schemas/common.ts';

const role = z.enum(ROLES);

const roleBody = z
  .strictObject({
    account: storableText(MAX_NAME)
      .min(1)
      .optional()
      .describe('The person or service account that gets the role'),
    group: storableText(300).min(1).optional().describe('Or: everybody whose token names this group'),
    role,
    model: storableText(200).min(1).optional().describe('The model for which it holds; all if left out'),
  })
  .meta({ examples: [{ group: 'risk-officers', role: 'approver', model: 'churn' }] });

const granted = z.object({
  id: z.int(),
  account: z.string().nullable(),
  kind: z.enum(['person', 'service']).nullable(),
  owner: z.string().nullable(),
  group: z.string().nullable(),
  role,
  model: z.string().nullable().describe('null: for all models'),
  disabled: z.boolean(),
  grantedBy: z.string().nullable(),
  grantedAt: instant,
});

/** `GET /roles`, `POST /roles`, `DELETE /roles/:id` and `PUT /accounts/:account`. */
export function roleRoutes(app: App, { database: { kysely } }: ApiDeps): void {
  app.get(
    '/roles',
    {
      schema: {
        tags: ['identity'],
        summary: 'Who has which role',
        response: { 200: z.object({ roles: z.array(granted) }), ...errorResponses },
      },
    },
    async () => ({
      roles: (await listRoles(kysely)).map((each) => ({ ...each, grantedAt: each.grantedAt.toISOString() })),
    }),
  );

  app.post(
    '/roles',
    {
      schema: {
        tags: ['identity'],
        summary: 'Grant a role to a person, a service account or a group',
        body: roleBody,
        response: { 200: z.object({ granted: z.boolean() }), ...errorResponses },
      },
    },
    async ({ body, caller }) => {
      const { account, group, model = null } = body;
      if ((account === undefined) === (group === undefined))
        throw new TidegateError('INVALID_REQUEST', 'name either an account or a group');
      const holder =
        account === undefined ? { group: group! } : { personId: (await getPerson(kysely, account)).id };
      return { granted: await grantRole(kysely, holder, { role: body.role, model }, caller.personId) };
    },
  );

  app.delete(
    '/roles/:id',
    {
      schema: {
        tags: ['identity'],
        summary: 'End a role; it stops within two seconds',
        params: z.strictObject({ id: wholeNumber(Number.MAX_SAFE_INTEGER) }),
        response: { 200: z.object({ id: z.int(), ended: z.literal(true) }), ...errorResponses },
      },
    },
    async ({ params: { id }, caller }) => {
      await endRole(kysely, id, caller.personId);
      return { id, ended: true as const };
    },
  );

  app.put(
    '/accounts/:account',
    {
      schema: {
        tags: ['identity'],
        summary: 'Disable an account with all its credentials, or enable it again',
        params: z.strictObject({ account: storableText(MAX_NAME) }),
        body: z.strictObject({ disabled: z.boolean() }).meta({ examples: [{ disabled: true }] }),
        response: { 200: z.object({ account: z.string(), disabled: z.boolean() }), ...errorResponses },
      },
    },
    async ({ params, body: { disabled } }) => {
      const person = await getPerson(kysely, params.account);
      await setDisabled(kysely, person.id, disabled);
      return { account: person.name, disabled };
    },
  );
}
