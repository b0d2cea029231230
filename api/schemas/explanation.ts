// What `explain` takes and answers.
import { z } from 'zod';
import { keyValueAnswer } from './common.ts';
import { entityKey, features, rowTime } from './prediction.ts';

/** Body of `explain`: one entity, one row of features, or an entity with some features of its own. */
export const explainBody = z
  .strictObject({
    key: entityKey.optional(),
    features: features.optional(),
    as_of: rowTime.optional().describe('The row time of features without a key; by default now'),
  })
  .refine(({ key, features }) => key !== undefined || features !== undefined, 'send key, features or both')
  .refine(({ key, as_of }) => key === undefined || as_of === undefined, {
    path: ['as_of'],
    message: 'is for rows without a key: an online row has a time of its own',
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
    .describe('What base and contributions give; absent where the version is not calibrated'),
  base: z.number().describe('Log-odds of a row with the mean part of every feature'),
  contributions: z
    .array(
      z.object({
        feature: z.string(),
        value: z.union([z.number(), z.string(), z.boolean()]).nullable(),
        log_odds: z
          .number()
          .describe('What the value adds to the log-odds, beside what the mean training row gets'),
      }),
    )
    .describe(
      'Largest first, whatever their sign; base and all of them add up to the log-odds of the score before calibration',
    ),
});

/** An answer of `explain`. */
export type ExplainAnswer = z.infer<typeof explainAnswer>;
