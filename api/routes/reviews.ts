// Definitions that loosen their own promotion policy, and the approvers who accept or refuse them.
import { z } from 'zod';
import { may } from '../../domain/identity/caller.ts';
import { scheduleModel } from '../../operations/apply-model.ts';
import { getDefinition, reviewDefinition } from '../../store/definitions/definitions.ts';
import { getWaiting, listWaiting, refusedReview } from '../../store/definitions/reviews.ts';
import { withGrant } from '../context/granted.ts';
import { type ApiDeps, type App } from '../context/types.ts';
import { errorResponses, instant, modelParams, wholeNumber } from '../schemas/common.ts';
import { reasonText, requestedBy } from '../schemas/written-text.ts';
import { operate } from './operations.ts';

const waiting = z.object({
  model: z.string(),
  version: z.int().describe('Number of the definition'),
  digest: z.string().describe('Digest of the definition; a review names it'),
  loosens: z
    .array(z.object({ at: z.string(), was: z.unknown(), becomes: z.unknown() }))
    .readonly()
    .describe('The rules that it loosens'),
  appliedBy: z.string().describe('Who applied it, and so may not accept it'),
  appliedAt: instant,
  inForce: z.int().describe('The definition that is in force meanwhile'),
});

const reviewBody = z
  .strictObject({
    digest: z
      .string()
      .regex(
        /^[0-9a-f]{64}$/,
        'must be the 64 hexadecimal digits of digest as GET /definitions/waiting shows them',
      )
      .describe('Digest of the definition that was read'),
    comment: reasonText.default('').describe('The reason'),
    requestedBy,
  })
  .meta({ examples: [{ digest: '0'.repeat(64), comment: 'one approver is enough for this model' }] });

const reviewed = z.object({
  model: z.string(),
  version: z.int(),
  verdict: z.enum(['accepted', 'refused']),
  actor: z.string(),
  selfAccepted: z
    .boolean()
    .describe("Whether the person who applied it accepted it, which only selfApproval: 'record' allows"),
  scheduled: z
    .boolean()
    .describe(
      'False if Temporal did not answer: apply the definition again, so that its schedules follow it',
    ),
});

/** `GET /definitions/waiting`, and the routes that accept or refuse a definition. */
export function reviewRoutes(app: App, deps: ApiDeps): void {
  const { database, logger } = deps;
  app.get(
    '/definitions/waiting',
    {
      schema: {
        tags: ['policy'],
        summary: 'Definitions that loosen their own promotion policy and wait until an approver accepts them',
        response: { 200: z.object({ waiting: z.array(waiting) }), ...errorResponses },
      },
    },
    async ({ caller }) => {
      const all = await listWaiting(database);
      return {
        waiting: all
          .filter(({ model }) => may(caller, 'viewer', model))
          .map(({ appliedAt, ...rest }) => ({
            ...rest,
            loosens: [...rest.loosens],
            appliedAt: appliedAt.toISOString(),
          })),
      };
    },
  );

  for (const verdict of ['accepted', 'refused'] as const) {
    const verb = verdict === 'accepted' ? 'accept' : 'refuse';
    app.post(
      `/models/:model/definitions/:version/${verb}`,
      {
        schema: {
          tags: ['policy'],
          summary:
            verdict === 'accepted'
              ? 'Accept a definition that loosens its promotion policy: from then on it is in force'
              : 'Refuse a definition that loosens its promotion policy: the one before stays in force',
          description:
            'Takes an approver by the policy in force, who did not apply the definition. Works without Temporal; the schedules then follow later.',
          params: modelParams.extend({ version: wholeNumber(2 ** 31 - 1) }),
          body: reviewBody,
          response: { 200: reviewed, ...errorResponses },
        },
      },
      async (request) => {
        const { model, version } = request.params;
        const { digest, comment } = request.body;
        await getDefinition(database, model);
        await getWaiting(database, model, version);
        const scope = { action: `${verb}-definition`, model, version, evidenceDigest: digest } as const;
        const said = { reason: comment, requestedBy: request.body.requestedBy };
        const review = { model, version, digest, verdict, comment };
        const { actor, self } = await withGrant(
          database,
          request,
          scope,
          said,
          async (transaction, author) => {
            const written = await reviewDefinition(transaction, { ...review, ...author });
            return { actor: author.actor, self: written.self };
          },
        ).catch((error: unknown) => {
          throw refusedReview(error);
        });
        const scheduled = verdict === 'refused' || (await schedule(model));
        return { model, version, verdict, actor, selfAccepted: self, scheduled };
      },
    );
  }

  const schedule = (model: string): Promise<boolean> =>
    operate(deps, (services) => scheduleModel(services, model)).then(
      () => true,
      (error: unknown) => {
        logger.warn(
          { err: error, model },
          'the schedules of an accepted definition were not brought up to date',
        );
        return false;
      },
    );
}
