// The version that waits for a decision, with the evidence for it.
import { z } from 'zod';
import { TidegateError } from '../../domain/errors.ts';
import { getDefinition } from '../../store/definitions/definitions.ts';
import {
  findAcceptedDecision,
  describeAcceptedDecision,
  listDecisions,
} from '../../store/registry/decisions.ts';
import { findEvidence } from '../../store/registry/evidence.ts';
import { listComments } from '../../store/registry/facts.ts';
import { findVersionIn } from '../../store/registry/versions.ts';
import { type ApiDeps, type App } from '../context/types.ts';
import { decisionBody } from './decisions.ts';
import { errorResponses, instant, modelParams } from '../schemas/common.ts';

/** How many comments are shown with a version that waits. */
const MAX_COMMENTS = 20;

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
  policy: z
    .unknown()
    .describe(
      'Who has to agree, as frozen with the evidence; null for evidence of releases without a policy',
    ),
  decisions: z
    .array(
      z.object({
        decision: z.enum(['approve', 'reject']),
        actor: z.string(),
        authority: z.string(),
        comment: z.string(),
        at: instant,
        selfApproved: z.boolean().describe('Whether the person had requested the version'),
      }),
    )
    .describe('What people have decided so far; more of them have to agree'),
  comments: z
    .array(z.object({ actor: z.string(), authority: z.string(), text: z.string(), at: instant }))
    .describe('What people wrote about the version, oldest first; the newest 20'),
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
      const { digest: evidenceDigest, championVersion, expiresAt, body, policy } = evidence;
      const decisions = (await listDecisions(database, model, version)).filter(({ accepted }) => accepted);
      const comments = await listComments(database, model, version, MAX_COMMENTS);
      return {
        model,
        version,
        championVersion,
        summary: summaryOf(body),
        evidenceDigest,
        expiresAt: expiresAt.toISOString(),
        evidence: body,
        policy: policy ?? null,
        decisions: decisions.map(({ decision, actor, authority, comment, at, selfApproved }) => ({
          decision,
          actor,
          authority,
          comment,
          at: at.toISOString(),
          selfApproved,
        })),
        comments: comments.map(({ actor, authority, text, at }) => ({
          actor,
          authority,
          text,
          at: at.toISOString(),
        })),
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
