// Issues a grant that a person pastes into the Temporal UI, with the message that carries it.
import { z } from 'zod';
import { TidegateError } from '../../domain/errors.ts';
import { type Role } from '../../domain/identity/roles.ts';
import { getDefinition } from '../../store/definitions/definitions.ts';
import { describeAcceptedDecision, findAcceptedDecision } from '../../store/registry/decisions.ts';
import { findEvidence } from '../../store/registry/evidence.ts';
import { getGrant, type GrantScope } from '../../store/registry/grants.ts';
import { getVersion } from '../../store/registry/versions.ts';
import {
  DEFAULT_TASK_QUEUE,
  type RollbackInput,
  workflowIds,
  workflowTypes,
} from '../../workflows/protocol/messages.ts';
import { authorOf } from '../context/granted.ts';
import { type ApiDeps, type App } from '../context/types.ts';
import { requireRole } from '../plugins/authenticate.ts';
import { errorResponses, instant, modelParams } from '../schemas/common.ts';
import { reasonText } from '../schemas/written-text.ts';

const ROLE_FOR: Readonly<Record<'approve' | 'reject' | 'rollback', Role>> = {
  approve: 'approver',
  reject: 'approver',
  rollback: 'operator',
};

const body = z
  .strictObject({
    action: z.enum(['approve', 'reject', 'rollback']),
    version: z
      .int()
      .min(1)
      .max(2_147_483_647)
      .describe('The version that waits for a decision, or the version to go back to'),
    comment: reasonText.default('').describe('The reason; it cannot be changed later'),
  })
  .meta({ examples: [{ action: 'approve', version: 2, comment: 'the report is convincing' }] });

const answer = z.object({
  grantId: z.string(),
  person: z.string(),
  expiresAt: instant.describe('Until when the grant can be used; it can be used once'),
  workflowId: z.string().describe('The run to send the signal to, or the id to start the run with'),
  send: z
    .object({ signal: z.enum(['approve', 'reject']) })
    .or(z.object({ start: z.string(), taskQueue: z.string() }))
    .describe('The signal to send, or the type of the run to start'),
  message: z.looseObject({}).describe('The JSON to paste: the input of the signal or of the run'),
});

/** `POST /models/:model/grants`. */
export function grantsRoute(app: App, { database, operations }: ApiDeps): void {
  app.post(
    '/models/:model/grants',
    {
      schema: {
        tags: ['decisions'],
        summary: 'Issue a grant for a decision or a rollback that is sent from the Temporal UI',
        description:
          'The grant is valid for ten minutes, once, and only for this action, version and comment. A decision needs the role approver, a rollback the role operator.',
        params: modelParams,
        body,
        response: { 200: answer, ...errorResponses },
      },
    },
    async (request) => {
      const { model } = request.params;
      const { action, version, comment } = request.body;
      requireRole(request, ROLE_FOR[action], model);
      await getDefinition(database, model);
      await getVersion(database, model, version);
      if (action === 'rollback' && comment.trim() === '') {
        throw new TidegateError('INVALID_REQUEST', 'comment: a rollback needs a reason', {
          places: [{ at: 'comment', problem: 'must not be blank' }],
        });
      }
      const evidenceDigest = action === 'rollback' ? null : await pendingDigest(model, version);
      const scope: GrantScope = { action, model, version, evidenceDigest };
      const { grantId, actor } = await authorOf(database, request, scope, { reason: comment });
      if (grantId === null) {
        throw new TidegateError(
          'INVALID_REQUEST',
          'this API does not authenticate its callers, so nobody can get a grant',
          {
            remedy:
              'Unset TIDEGATE_AUTH, or send the decision without a grant if promotion.unverifiedSignals accepts that.',
          },
        );
      }
      const { expiresAt } = await getGrant(database.kysely, grantId);
      const issued = { grantId, person: actor, expiresAt: expiresAt.toISOString() };
      if (action !== 'rollback') {
        return {
          ...issued,
          workflowId: workflowIds.release(model, version),
          send: { signal: action },
          message: { version, evidenceDigest, grantId },
        };
      }
      const input: RollbackInput = {
        model,
        toVersion: version,
        requestedBy: actor,
        reason: comment,
        grantId,
      };
      return {
        ...issued,
        workflowId: workflowIds.rollback(model),
        send: { start: workflowTypes.rollback, taskQueue: operations?.taskQueue ?? DEFAULT_TASK_QUEUE },
        message: { ...input },
      };
    },
  );

  /** Returns the digest of the evidence on a version that waits. @throws TidegateError NOTHING_PENDING, DECISION_REFUSED */
  async function pendingDigest(model: string, version: number): Promise<string> {
    const decided = await findAcceptedDecision(database, model, version);
    if (decided) throw new TidegateError('DECISION_REFUSED', describeAcceptedDecision(decided));
    const { stage } = await getVersion(database, model, version);
    const evidence = stage === 'Staging' ? await findEvidence(database, model, version) : undefined;
    if (evidence) return evidence.digest;
    const why = stage === 'Staging' ? 'is still being validated' : `is in ${stage}`;
    throw new TidegateError(
      'NOTHING_PENDING',
      `version ${version} of ${model} ${why} and does not wait for a decision`,
    );
  }
}
