// A person's word on the version that waits.
import { TidegateError } from '../../domain/errors.ts';
import { type Database } from '../../store/database.ts';
import { getDefinition } from '../../store/definitions/definitions.ts';
import { findAcceptedDecision, settledInWords } from '../../store/runs/decisions.ts';
import { getVersion } from '../../store/versions/versions.ts';
import { type ApiDeps, type App } from '../app.ts';
import { decisionAnswer, decisionBody } from '../schemas/decision.ts';
import { errorResponses } from '../schemas/error.ts';
import { modelParams } from '../schemas/model.ts';

/** `POST /models/:model/decisions`. */
export function decisionsRoute(app: App, { database, gate }: ApiDeps): void {
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
      const result = await gate.decide(model, version, body);
      if (!result) throw await whyClosed(database, model, version);
      if (!result.accepted)
        throw new TidegateError('DECISION_REFUSED', result.refusal ?? 'the decision was refused');
      return { model, version, accepted: true as const, decision: result.decision };
    },
  );
}

/** No release of the version is open: it was decided, or ended another way, or never began. */
async function whyClosed(database: Database, model: string, version: number): Promise<TidegateError> {
  const decided = await findAcceptedDecision(database, model, version);
  if (decided) return new TidegateError('DECISION_REFUSED', settledInWords(decided));
  const { stage } = await getVersion(database, model, version);
  const where = stage === 'None' ? 'has not reached Staging' : `is in ${stage}`;
  return new TidegateError(
    'NOTHING_PENDING',
    `version ${version} of ${model} ${where} and waits for no decision`,
  );
}
