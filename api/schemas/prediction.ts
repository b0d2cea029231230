// What `predict` takes and answers.
import { z } from 'zod';
import { storableText } from './text.ts';

/** Most entities or rows of one request. */
const MOST_ROWS = 1_000;

const keyValue = z.union([storableText(500), z.int()], { error: 'must be a text or a whole number' });

const entityKey = z
  .record(z.string(), keyValue)
  .describe("The entity's key columns by name")
  .meta({ examples: [{ user_id: 'u_000123' }] });

// Checked against the definition of the version that answers, so that each error names feature, type and value.
const features = z
  .record(z.string(), z.unknown())
  .describe('Features by name; one that is null or left out is used as missing')
  .meta({ examples: [{ monthly_fee: 12.5, net_service: 'DSL', paperless_billing: true }] });

/** Body of `predict`. */
export const predictBody = z
  .strictObject({
    key: entityKey.optional(),
    keys: z.array(entityKey).min(1).max(MOST_ROWS).optional(),
    features: features.optional(),
    rows: z.array(features).min(1).max(MOST_ROWS).optional(),
  })
  .refine((body) => Object.keys(body).length === 1, 'send exactly one of key, keys, features and rows')
  .describe('Exactly one of: `key`, one entity; `keys`, several; `features`, one row; `rows`, several')
  .meta({ examples: [{ key: { user_id: 'u_000123' } }] });

/** A body of `predict`. */
export type PredictBody = z.infer<typeof predictBody>;

const prediction = z.object({
  key: z
    .record(z.string(), z.string())
    .optional()
    .describe('The entity; absent where features came in the request'),
  score: z.number().min(0).max(1).describe('Estimated probability of the positive class'),
  features_used: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()]).nullable()),
  missing: z.array(z.string()).describe('Features that had no value'),
  as_of: z.iso.datetime().optional().describe('The instant of the online row'),
});

/** One prediction as it is answered. */
export type Prediction = z.infer<typeof prediction>;

/** Answer of `predict`: every prediction comes from the one version named. */
export const predictAnswer = z.object({
  model: z.string(),
  version: z.int(),
  predictions: z.array(prediction),
});

/** An answer of `predict`. */
export type PredictAnswer = z.infer<typeof predictAnswer>;
