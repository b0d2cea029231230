// A person's word on the version that waits.
import { TidegateError } from '../../domain/errors.ts';
import { type Database } from '../../store/postgres/database.ts';
import { getDefinition } from '../../store/definitions/definitions.ts';
import {
  findAcceptedDecision,
  type RecordedDecision,
  recordUnsent,
  type SentDecision,
  settledInWords,
} from '../../store/registry/decisions.ts';
import { workflowIds } from '../../workflows/protocol/messages.ts';
import { getVersion } from '../../store/registry/versions.ts';
import { type ApiDeps, type App } from '../app.ts';
import { DecisionTurns } from '../decision-turns.ts';
import { decisionAnswer, decisionBody } from '../schemas/decision.ts';
import { errorResponses } from '../schemas/error.ts';
import { modelParams } from '../schemas/model.ts';

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
          'The first decision that counts settles the version; a later one is refused and says by whom.',
        params: modelParams,
        body: decisionBody,
        response: { 200: decisionAnswer, ...errorResponses },
      },
    },
    async ({ params: { model }, body }) => {
      const { version } = body;
      await getDefinition(database, model);
      await getVersion(database, model, version);
      const sent: SentDecision = { model, ...body };
      const result = await turns
        .take(`version ${version} of ${model}`, async () => {
          // Settled while it waited: the run would say the same, later.
          const settled = await findAcceptedDecision(database, model, version);
          if (settled) throw await refuseSettled(database, sent, settled);
          return gate.decide(model, version, body);
        })
        .catch(async (error: unknown) => {
          throw await recordTooMany(database, sent, error);
        });
      if (!result) throw await whyClosed(database, sent);
      if (!result.accepted)
        throw new TidegateError('DECISION_REFUSED', result.refusal ?? 'the decision was refused');
      return { model, version, accepted: true as const, decision: result.decision };
    },
  );
}

/** Every decision leaves a row: one that came after another settled the version as well. */
async function refuseSettled(
  database: Database,
  sent: SentDecision,
  settled: RecordedDecision,
): Promise<TidegateError> {
  const refusal = settledInWords(settled);
  await recordUnsent(database, sent, refusal, settled);
  return new TidegateError('DECISION_REFUSED', refusal);
}

/** So does one whose turn did not come. */
async function recordTooMany(database: Database, sent: SentDecision, error: unknown): Promise<unknown> {
  if (error instanceof TidegateError && error.code === 'TOO_MANY_DECISIONS') {
    const workflowId = workflowIds.release(sent.model, sent.version);
    await recordUnsent(database, sent, error.message, { workflowId, runId: 'not sent' });
  }
  return error;
}

/** No release of the version is open: it was decided, or ended another way, or never began. */
async function whyClosed(database: Database, sent: SentDecision): Promise<TidegateError> {
  const { model, version } = sent;
  const decided = await findAcceptedDecision(database, model, version);
  if (decided) return refuseSettled(database, sent, decided);
  const { stage } = await getVersion(database, model, version);
  const where = stage === 'None' ? 'has not reached Staging' : `is in ${stage}`;
  return new TidegateError(
    'NOTHING_PENDING',
    `version ${version} of ${model} ${where} and waits for no decision`,
  );
}
