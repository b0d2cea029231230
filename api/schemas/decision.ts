// A decision as it is sent and answered.
import { z } from 'zod';
import { storableText } from './text.ts';

/** Body of a decision. */
export const decisionBody = z
  .strictObject({
    version: z.int().min(1).max(2_147_483_647),
    evidenceDigest: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'must be the 64 hexadecimal digits shown with the request')
      .describe('Digest of the evidence that was read'),
    decision: z.enum(['approve', 'reject']),
    comment: storableText(2_000).default(''),
    decidedBy: storableText(200)
      .refine((text) => text.trim() !== '', 'must name the person who decides')
      .describe('The person who decides'),
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
