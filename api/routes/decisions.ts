// Accepts a person's decision on the version that waits for one.
import { z } from 'zod';
import { type SendDecision } from '../context/send-decision.ts';
import { type App } from '../context/types.ts';
import { errorResponses, modelParams } from '../schemas/common.ts';
import { personName, reasonText } from '../schemas/written-text.ts';

/** `POST /models/:model/decisions`. */
export function decisionsRoute(app: App, send: SendDecision): void {
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
      const accepted = await send(request, model, request.body);
      return { model, version: request.body.version, accepted: true as const, ...accepted };
    },
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
  selfApproved: z
    .boolean()
    .describe("Whether the person had requested the version, which only selfApproval: 'record' allows"),
  settles: z.boolean().describe('False while more people have to agree'),
  people: z.int().optional().describe('How many people have agreed so far'),
  needed: z.int().optional().describe('How many people have to agree'),
});
