// Accepts a person's decision on the version that waits for one.
import { TidegateError } from '../../domain/errors.ts';
import { type Database } from '../../store/postgres/database.ts';
import { getDefinition } from '../../store/definitions/definitions.ts';
import {
  findAcceptedDecision,
  type RecordedDecision,
  recordUnsent,
  type SentDecision,
  describeAcceptedDecision,
} from '../../store/registry/decisions.ts';
import { workflowIds } from '../../workflows/protocol/messages.ts';
import { getVersion } from '../../store/registry/versions.ts';
import { type ApiDeps, type App } from '../context/types.ts';
import { DecisionTurns } from '../context/decision-turns.ts';
import { errorResponses, modelParams } from '../schemas/common.ts';
import { z } from 'zod';
import { authorOf } from '../context/granted.ts';
import { personName, reasonText } from '../schemas/written-text.ts';

/** `POST /models/:model/decisions`. */
export function decisionsRoute(app: App, { database, gate }: ApiDeps): void {
  const turns = new DecisionTurns();
  app.post(
    '/models/:model/decisions',
    {
      schema: {
        tags: ['decisions'],
        summary: 'Approve or reject the version that waits',
        description:
          'The first decision that is accepted is final. Later ones are refused; the error names the person who decided.',
        params: modelParams,
        body: decisionBody,
        response: { 200: decisionAnswer, ...errorResponses },
      },
    },
    async (request) => {
      const { model } = request.params;
      const { version, evidenceDigest, decision, comment } = request.body;
      await getDefinition(database, model);
      await getVersion(database, model, version);
      const scope = { action: decision, model, version, evidenceDigest };
      const said = { reason: comment, requestedBy: request.body.decidedBy };
      const { actor: decidedBy, grantId } = await authorOf(database, request, scope, said, 'decidedBy');
      const message = { ...request.body, decidedBy, ...(grantId !== null && { grantId }) };
      const sent: SentDecision = { model, version, evidenceDigest, decision, comment, decidedBy };
      const result = await turns
        .take(`version ${version} of ${model}`, async () => {
          // Another decision may have been accepted while this one waited; the run would refuse this one too.
          const settled = await findAcceptedDecision(database, model, version);
          if (settled) throw await refuseSettled(database, sent, settled);
          return gate.decide(model, version, message);
        })
        .catch(async (error: unknown) => {
          throw await recordTooMany(database, sent, error);
        });
      if (!result) throw await whyClosed(database, sent);
      if (!result.accepted)
        throw new TidegateError('DECISION_REFUSED', result.refusal ?? 'the decision was refused');
      return { model, version, accepted: true as const, decision: result.decision, decidedBy };
    },
  );
}

/** Records a decision that came after the version was settled, because every decision must leave a row. */
async function refuseSettled(
  database: Database,
  sent: SentDecision,
  settled: RecordedDecision,
): Promise<TidegateError> {
  const refusal = describeAcceptedDecision(settled);
  await recordUnsent(database, sent, refusal, settled);
  return new TidegateError('DECISION_REFUSED', refusal);
}

/** Records a decision whose turn did not come. */
async function recordTooMany(database: Database, sent: SentDecision, error: unknown): Promise<unknown> {
  if (error instanceof TidegateError && error.code === 'TOO_MANY_DECISIONS') {
    const workflowId = workflowIds.release(sent.model, sent.version);
    await recordUnsent(database, sent, error.message, { workflowId, runId: 'not sent' });
  }
  return error;
}

/** Builds the error for a version without an open release: it was decided, ended in another way, or never began. */
async function whyClosed(database: Database, sent: SentDecision): Promise<TidegateError> {
  const { model, version } = sent;
  const decided = await findAcceptedDecision(database, model, version);
  if (decided) return refuseSettled(database, sent, decided);
  const { stage } = await getVersion(database, model, version);
  const state = stage === 'None' ? 'has not reached Staging' : `is in ${stage}`;
  return new TidegateError(
    'NOTHING_PENDING',
    `version ${version} of ${model} ${state} and is not waiting for a decision`,
  );
}

/** Body of a decision. */
export const decisionBody = z
  .strictObject({
    version: z.int().min(1).max(2_147_483_647),
    evidenceDigest: z
      .string()
      .regex(
        /^[0-9a-f]{64}$/,
        'must be the 64 hexadecimal digits of evidenceDigest as GET /models/{model}/pending shows them',
      )
      .describe('Digest of the evidence that the decision is based on'),
    decision: z.enum(['approve', 'reject']),
    comment: reasonText.default('').describe('The reason; may contain line breaks'),
    decidedBy: personName
      .optional()
      .describe(
        'The person who decides; only if TIDEGATE_AUTH is off. Otherwise the key says who it is, and another name is refused',
      ),
  })
  .meta({
    examples: [
      {
        version: 2,
        evidenceDigest: '0'.repeat(64),
        decision: 'approve',
        comment: 'the report is convincing',
      },
    ],
  });

/** Answer to an accepted decision. */
const decisionAnswer = z.object({
  model: z.string(),
  version: z.int(),
  accepted: z.literal(true),
  decision: z.enum(['approve', 'reject']),
  decidedBy: z.string(),
});
