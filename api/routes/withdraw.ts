// Withdraws a version that waits for a decision.
import { z } from 'zod';
import { getDefinition } from '../../store/definitions/definitions.ts';
import { movingModel } from '../../store/registry/stage-moves.ts';
import { withdrawVersion } from '../../store/registry/withdraw.ts';
import { withGrant } from '../context/granted.ts';
import { type ApiDeps, type App } from '../context/types.ts';
import { errorResponses, modelParams, wholeNumber } from '../schemas/common.ts';
import { givenReason, requestedBy } from '../schemas/written-text.ts';

/** `POST /models/:model/versions/:version/withdraw`. */
export function withdrawRoute(app: App, { database, gate, logger }: ApiDeps): void {
  app.post(
    '/models/:model/versions/:version/withdraw',
    {
      schema: {
        tags: ['decisions'],
        summary: 'Withdraw a version that waits for a decision: it is archived, and its release ends',
        description:
          'Works without Temporal: the version is archived, and no decision on it counts any more. Its release then ends ' +
          'when the request is repeated.',
        params: modelParams.extend({ version: wholeNumber(2 ** 31 - 1) }),
        body: z
          .strictObject({
            reason: givenReason,
            requestedBy,
          })
          .meta({ examples: [{ reason: 'trained on a wrong fee table' }] }),
        response: {
          200: z.object({
            model: z.string(),
            version: z.int(),
            stage: z.literal('Archived'),
            releaseEnded: z
              .boolean()
              .describe('Whether the release was told to end; false if Temporal does not answer'),
          }),
          ...errorResponses,
        },
      },
    },
    async (request) => {
      const { model, version } = request.params;
      await getDefinition(database, model);
      const scope = { action: 'withdraw', model, version, evidenceDigest: null } as const;
      await withGrant(
        database,
        request,
        scope,
        request.body,
        (transaction, { actor, authority, grantId }) =>
          withdrawVersion(
            transaction,
            { model, version },
            {
              actor,
              authority,
              grantId,
              evidenceDigest: null,
              workflowId: 'tidegate withdraw',
              runId: grantId ?? request.id,
            },
            request.body.reason,
          ),
        (run) => movingModel(database, model, run),
      );
      const releaseEnded = await gate.end(model, version).then(
        () => true,
        (error: unknown) => {
          logger.warn({ err: error, model, version }, 'the release of a withdrawn version was not ended');
          return false;
        },
      );
      return { model, version, stage: 'Archived' as const, releaseEnded };
    },
  );
}
