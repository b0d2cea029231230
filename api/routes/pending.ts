// The version that waits for a decision, with the evidence for it.
import { z } from 'zod';
import { TidegateError } from '../../domain/errors.ts';
import { getDefinition } from '../../store/definitions/definitions.ts';
import { findAcceptedDecision, describeAcceptedDecision } from '../../store/registry/decisions.ts';
import { findEvidence } from '../../store/registry/evidence.ts';
import { findVersionIn } from '../../store/registry/versions.ts';
import { type ApiDeps, type App } from '../context/types.ts';
import { decisionBody } from './decisions.ts';
import { errorResponses, instant, modelParams } from '../schemas/common.ts';

const pending = z.object({
  model: z.string(),
  version: z.int(),
  championVersion: z
    .int()
    .nullable()
    .describe('The champion that the version was compared with; null if it was compared with the baseline'),
  summary: z.string(),
  evidenceDigest: z.string(),
  expiresAt: instant.describe('The version is rejected if there is no decision before this instant'),
  evidence: z
    .unknown()
    .describe('Report, comparison, validations and rules; evidenceDigest is the digest of this object'),
  send: z
    .object({ method: z.literal('POST'), path: z.string(), body: decisionBody })
    .describe('The request that approves the version'),
});

/** `GET /models/:model/pending`. */
export function pendingRoute(app: App, { database }: ApiDeps): void {
  app.get(
    '/models/:model/pending',
    {
      schema: {
        tags: ['decisions'],
        summary: 'The version that waits for a decision, its evidence, and what to send',
        params: modelParams,
        response: { 200: pending, ...errorResponses },
      },
    },
    async ({ params: { model } }) => {
      await getDefinition(database, model);
      const staged = await findVersionIn(database, model, 'Staging');
      if (!staged) throw nothingPending(`no version of ${model} is in Staging`);
      const { version } = staged;
      const evidence = await findEvidence(database, model, version);
      if (!evidence) throw nothingPending(`version ${version} of ${model} is still being validated`);
      const decided = await findAcceptedDecision(database, model, version);
      if (decided) throw nothingPending(describeAcceptedDecision(decided));
      const { digest: evidenceDigest, championVersion, expiresAt, body } = evidence;
      return {
        model,
        version,
        championVersion,
        summary: summaryOf(body),
        evidenceDigest,
        expiresAt: expiresAt.toISOString(),
        evidence: body,
        send: {
          method: 'POST' as const,
          path: `/models/${model}/decisions`,
          body: {
            version,
            evidenceDigest,
            decision: 'approve' as const,
            comment: 'why',
          },
        },
      };
    },
  );
}

const nothingPending = (message: string): TidegateError => new TidegateError('NOTHING_PENDING', message);

const summaryOf = (body: unknown): string => {
  const { summary } = (body ?? {}) as { summary?: unknown };
  return typeof summary === 'string' ? summary : '';
};
