// What a look-up of online features takes and answers: the shape of Feast's feature server.
import { z } from 'zod';
import { boundedList, boundedRecord } from './bounded.ts';
import { keyValue, MAX_KEY_COLUMNS, storableText } from './common.ts';

const MAX_FEATURES = 1_000;
const MAX_ENTITIES = 1_000;

/** Body of a look-up. */
export const onlineFeaturesBody = z
  .strictObject({
    features: boundedList(storableText(200).min(1), MAX_FEATURES)
      .optional()
      .describe('Features, as `view:feature` or by name alone'),
    feature_service: storableText(200)
      .optional()
      .describe('A model, for all features of the version that answers'),
    entities: boundedRecord(boundedList(keyValue, MAX_ENTITIES), MAX_KEY_COLUMNS)
      .describe('For each key column of the entity its values, as many for each: one entity by position')
      .meta({ examples: [{ user_id: ['u_000123', 'u_000124'] }] }),
    full_feature_names: z
      .boolean()
      .default(false)
      .describe('Whether features are named `view__feature` in the answer'),
  })
  .refine(({ features, feature_service }) => (features === undefined) !== (feature_service === undefined), {
    message: 'send exactly one of features and feature_service',
  })
  .meta({ examples: [{ feature_service: 'churn', entities: { user_id: ['u_000123'] } }] });

/** A body of a look-up. */
export type OnlineFeaturesBody = z.infer<typeof onlineFeaturesBody>;

const status = z.enum(['PRESENT', 'NULL_VALUE', 'NOT_FOUND', 'OUTSIDE_MAX_AGE']);

/** How a value was found. */
export type FeatureStatus = z.infer<typeof status>;

/** Answer of a look-up: one result for each name, one place in it for each entity. */
export const onlineFeaturesAnswer = z.object({
  metadata: z.object({ feature_names: z.array(z.string()) }),
  results: z.array(
    z.object({
      values: z.array(z.union([z.number(), z.string(), z.boolean()]).nullable()),
      statuses: z.array(status),
      event_timestamps: z.array(z.iso.datetime()).describe('Of the value; 1970 where there is none'),
    }),
  ),
});

/** An answer of a look-up. */
export type OnlineFeaturesAnswer = z.infer<typeof onlineFeaturesAnswer>;
