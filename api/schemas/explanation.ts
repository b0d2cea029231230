// Request and answer of `explain`.
import { z } from 'zod';
import { keyValueAnswer } from './common.ts';
import { entityKey, features, rowTime } from './prediction.ts';

/** Body of `explain`: an entity by its key, a row by its features, or an entity with some features from the request. */
export const explainBody = z
  .strictObject({
    key: entityKey.optional(),
    features: features.optional(),
    as_of: rowTime.optional().describe('Row time of features that are sent without a key; by default now'),
  })
  .refine(({ key, features }) => key !== undefined || features !== undefined, 'send key, features or both')
  .refine(({ key, as_of }) => key === undefined || as_of === undefined, {
    path: ['as_of'],
    message: 'can only be sent without a key, because an online row has its own time',
  })
  .meta({ examples: [{ key: { user_id: 'u_000123' } }] });

/** Answer of `explain`. */
export const explainAnswer = z.object({
  model: z.string(),
  version: z.int(),
  key: z.record(z.string(), keyValueAnswer).optional(),
  as_of: z.iso.datetime().optional(),
  score: z.number().min(0).max(1),
  score_before_calibration: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe(
      'The score before calibration, computed from base and contributions; absent if the version is not calibrated',
    ),
  base: z.number().describe('Log-odds of a row in which every feature contributes its mean'),
  contributions: z
    .array(
      z.object({
        feature: z.string(),
        value: z.union([z.number(), z.string(), z.boolean()]).nullable(),
        log_odds: z
          .number()
          .describe(
            'How much the value raises the log-odds, compared with the mean of the training rows; negative if it lowers them',
          ),
      }),
    )
    .describe(
      'By absolute value, largest first; base and all contributions add up to the log-odds of the score before calibration',
    ),
});

/** An answer of `explain`. */
export type ExplainAnswer = z.infer<typeof explainAnswer>;
