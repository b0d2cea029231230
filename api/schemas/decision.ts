// A decision as it is sent and answered.
import { z } from 'zod';
import { MAX_NAME, MAX_TEXT, nameProblem, textProblem } from '../../domain/decisions/written-text.ts';

/** Adds what is wrong with a text to the problems of a request, which name the field themselves. */
const refusing =
  (problemOf: (text: string) => string | undefined) =>
  (text: string, context: z.RefinementCtx): void => {
    const message = problemOf(text);
    if (message !== undefined) context.addIssue({ code: 'custom', message: message.trim() });
  };

/** Body of a decision. */
export const decisionBody = z
  .strictObject({
    version: z.int().min(1).max(2_147_483_647),
    evidenceDigest: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'must be the 64 hexadecimal digits shown with the request')
      .describe('Digest of the evidence that was read'),
    decision: z.enum(['approve', 'reject']),
    comment: z
      .string()
      .max(MAX_TEXT)
      .superRefine(refusing((text) => textProblem('', text)))
      .default('')
      .describe('Why; it may have line breaks'),
    decidedBy: z
      .string()
      .max(MAX_NAME)
      .superRefine(refusing((text) => nameProblem('', text)))
      .describe('The person who decides, as one printable line'),
  })
  .meta({
    examples: [
      {
        version: 2,
        evidenceDigest: '0'.repeat(64),
        decision: 'approve',
        comment: 'the report is convincing',
        decidedBy: 'grace',
      },
    ],
  });

/** Answer to a decision that counts. */
export const decisionAnswer = z.object({
  model: z.string(),
  version: z.int(),
  accepted: z.literal(true),
  decision: z.enum(['approve', 'reject']),
});
