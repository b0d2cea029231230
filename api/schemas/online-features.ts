// Request and answer of a look-up of online features, in the format of Feast's feature server.
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
      .describe('Features, as `view:feature` or just `feature`'),
    feature_service: storableText(200).optional().describe('A model, for all of its features'),
    entities: boundedRecord(boundedList(keyValue, MAX_ENTITIES), MAX_KEY_COLUMNS)
      .describe(
        'A list of values for each key column, all of the same length; the values at one position name one entity',
      )
      .meta({ examples: [{ user_id: ['u_000123', 'u_000124'] }] }),
    full_feature_names: z
      .boolean()
      .default(false)
      .describe('Whether the answer names features `view__feature`'),
  })
  .refine(({ features, feature_service }) => (features === undefined) !== (feature_service === undefined), {
    message: 'send exactly one of features and feature_service',
  })
  .meta({ examples: [{ feature_service: 'churn', entities: { user_id: ['u_000123'] } }] });

/** A body of a look-up. */
export type OnlineFeaturesBody = z.infer<typeof onlineFeaturesBody>;

const status = z.enum(['PRESENT', 'NULL_VALUE', 'NOT_FOUND', 'OUTSIDE_MAX_AGE']);

/** Status of a value. */
export type FeatureStatus = z.infer<typeof status>;

/** Answer of a look-up: one result for each feature name, with one position for each entity. */
export const onlineFeaturesAnswer = z.object({
  metadata: z.object({ feature_names: z.array(z.string()) }),
  results: z.array(
    z.object({
      values: z.array(z.union([z.number(), z.string(), z.boolean()]).nullable()),
      statuses: z.array(status),
      event_timestamps: z
        .array(z.iso.datetime())
        .describe('Timestamps of the values; 1970 if there is no value'),
    }),
  ),
});

/** An answer of a look-up. */
export type OnlineFeaturesAnswer = z.infer<typeof onlineFeaturesAnswer>;
