// An emergency: an admin alone puts a version into Production, with a reason, and everybody sees that it was one.
import { z } from 'zod';
import { TidegateError } from '../../domain/errors.ts';
import { getDefinition } from '../../store/definitions/definitions.ts';
import { findEvidence } from '../../store/registry/evidence.ts';
import { getVersion } from '../../store/registry/versions.ts';
import { requestNotice } from '../../store/registry/notice-requests.ts';
import { authorOf } from '../context/granted.ts';
import { type ApiDeps, type App } from '../context/types.ts';
import { errorResponses, modelParams, wholeNumber } from '../schemas/common.ts';
import { givenReason } from '../schemas/written-text.ts';
import { putBack } from './rollback.ts';

const answer = z.object({
  model: z.string(),
  version: z.int(),
  did: z
    .enum(['approved', 'rolled back'])
    .describe('Approved if the version waited for a decision; rolled back if it was in Production before'),
  actor: z.string(),
  workflowId: z
    .string()
    .nullable()
    .describe('The run that rolls back; null if the API did it without Temporal'),
});

/** `POST /models/:model/versions/:version/break-glass`. */
export function breakGlassRoute(app: App, deps: ApiDeps): void {
  const { database, gate, logger } = deps;
  app.post(
    '/models/:model/versions/:version/break-glass',
    {
      schema: {
        tags: ['decisions'],
        summary:
          'Emergency: approve a version that waits, or put an earlier one back, by one admin with a reason',
        description:
          'Takes the place of the people that the policy asks for. Refused to a person who requested the version. The history, ' +
          'the card and the proof say that it was an emergency, and a notification `break_glass` is sent.',
        params: modelParams.extend({ version: wholeNumber(2 ** 31 - 1) }),
        body: z
          .strictObject({ reason: givenReason })
          .meta({ examples: [{ reason: 'predictions are wrong, and no approver answers' }] }),
        response: { 200: answer, ...errorResponses },
      },
    },
    async (request) => {
      const { model, version } = request.params;
      const { reason } = request.body;
      await getDefinition(database, model);
      const { stage } = await getVersion(database, model, version);
      if (stage !== 'Staging' && stage !== 'Archived') throw notPossible(model, version, stage);
      const evidence = stage === 'Staging' ? await findEvidence(database, model, version) : undefined;
      if (stage === 'Staging' && !evidence)
        throw notPossible(model, version, 'Staging, where it is validated');
      const evidenceDigest = evidence?.digest ?? null;
      const scope = { action: 'break-glass', model, version, evidenceDigest } as const;
      const author = await authorOf(database, request, scope, { reason });
      const { actor, grantId } = author;
      if (grantId === null) throw nobody();
      logger.warn({ model, version, actor, reason }, 'break-glass: an admin acts alone');
      // Reported before it is done, so that the alarm does not depend on how it ends.
      const alarm = `${actor} puts version ${version} into Production alone: ${reason}`;
      await requestNotice(database.kysely, { event: 'break glass', model, version, message: alarm });
      if (evidenceDigest === null) {
        const done = await putBack(deps, request, { model, toVersion: version, reason, author });
        const workflowId = 'workflowId' in done ? done.workflowId : null;
        return { model, version, did: 'rolled back' as const, actor, workflowId };
      }
      const message = { version, evidenceDigest, decision: 'approve', comment: reason, grantId } as const;
      const result = await gate.decide(model, version, message);
      if (!result) throw notPossible(model, version, `${stage}, but its release has ended`);
      if (!result.accepted) throw new TidegateError('DECISION_REFUSED', result.refusal ?? 'it was refused');
      return { model, version, did: 'approved' as const, actor, workflowId: null };
    },
  );
}

const notPossible = (model: string, version: number, state: string): TidegateError =>
  new TidegateError('NOTHING_PENDING', `version ${version} of ${model} is in ${state}`, {
    remedy: 'Name a version that waits for a decision, or one that was in Production before.',
  });

const nobody = (): TidegateError =>
  new TidegateError('GRANT_REQUIRED', 'an emergency takes an admin who is known, and TIDEGATE_AUTH is off', {
    remedy: 'Start the API with TIDEGATE_AUTH=on, and use the key of an admin.',
  });
