// The floor of the installation, below which no promotion policy may go.
import { z } from 'zod';
import { floorSchema } from '../../domain/decisions/policy-floor.ts';
import { TidegateError } from '../../domain/errors.ts';
import { may } from '../../domain/identity/caller.ts';
import { findFloor, modelsBelow, setFloor } from '../../store/registry/policy-floor.ts';
import { withGrant } from '../context/granted.ts';
import { type ApiDeps, type App } from '../context/types.ts';
import { errorResponses, instant } from '../schemas/common.ts';
import { givenReason } from '../schemas/written-text.ts';

const answer = z.object({
  floor: floorSchema,
  setBy: z.string().nullable().describe('Null if nobody has set a floor'),
  setAt: instant.nullable(),
  reason: z.string().nullable(),
  below: z
    .array(z.object({ model: z.string(), rules: z.array(z.string()).readonly() }))
    .describe(
      'Models whose definition asks for less. The floor counts for their next versions; a version that waits keeps the rules that were frozen with its evidence',
    ),
});

/** `GET /floor` and `POST /floor`. */
export function floorRoutes(app: App, { database }: ApiDeps): void {
  const read = async (seen: (model: string) => boolean): Promise<z.infer<typeof answer>> => {
    const set = await findFloor(database.kysely);
    const floor = set?.policy ?? {};
    return {
      floor,
      setBy: set?.actor ?? null,
      setAt: set?.at.toISOString() ?? null,
      reason: set?.reason ?? null,
      below: (await modelsBelow(database, floor)).filter(({ model }) => seen(model)),
    };
  };

  app.get(
    '/floor',
    {
      schema: {
        tags: ['policy'],
        summary: 'The least that every promotion policy must ask for, and the models that ask for less',
        response: { 200: answer, ...errorResponses },
      },
    },
    ({ caller }) => read((model) => may(caller, 'viewer', model)),
  );

  app.post(
    '/floor',
    {
      schema: {
        tags: ['policy'],
        summary: 'Set the floor: it replaces the one before',
        body: z.strictObject({ floor: floorSchema, reason: givenReason }).meta({
          examples: [{ floor: { approvals: 2 }, reason: 'two people for every model since the audit' }],
        }),
        response: { 200: answer, ...errorResponses },
      },
    },
    async (request) => {
      const { floor, reason } = request.body;
      const scope = { action: 'set-floor', model: '', version: null, evidenceDigest: null } as const;
      await withGrant(database, request, scope, { reason }, (transaction, { actor, authority, grantId }) => {
        if (grantId === null) throw nobody();
        return setFloor(transaction, floor, { reason, actor, authority, grantId });
      });
      return read(() => true);
    },
  );
}

const nobody = (): TidegateError =>
  new TidegateError(
    'GRANT_REQUIRED',
    'the floor is set by an admin, and nobody is known while TIDEGATE_AUTH is off',
    {
      remedy: 'Start the API with TIDEGATE_AUTH=on, and set the floor with the key of an admin.',
    },
  );
