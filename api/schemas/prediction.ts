// Request and answer of `predict`.
import { z } from 'zod';
import { anyFields, boundedList, boundedRecord } from './bounded.ts';
import { keyValue, keyValueAnswer, MAX_KEY_COLUMNS } from './common.ts';

/** Maximum number of entities or rows of one request. */
export const MAX_ROWS = 1_000;

/** The key of an entity: a value for each key column. */
export const entityKey = boundedRecord(keyValue, MAX_KEY_COLUMNS)
  .describe("The entity's key columns by name")
  .meta({ examples: [{ user_id: 'u_000123' }] });

/** Features of a row by name. `readFeatures` validates them, so that each error names the feature, type and value. */
export const features = anyFields
  .describe(
    'Columns of the views by name; derived columns cannot be sent. Null means that the value is missing; without a key, a column that is left out is missing too',
  )
  .meta({ examples: [{ monthly_fee: 12.5, net_service: 'DSL', paperless_billing: true }] });

/** Row time of a row that is sent without a key. */
export const rowTime = z
  .string()
  .refine(
    (text) => readInstant(text) !== undefined,
    'must be a day, or an instant with its offset such as 2024-02-29T06:00:00Z',
  );

const entry = z
  .strictObject({ key: entityKey.optional(), features: features.optional() })
  .refine((body) => body.key !== undefined || body.features !== undefined, 'send key, features or both');

/** Whether a body has exactly one of the forms: a single entity or row, or one of the lists. */
const isOneForm = ({ key, features, keys, rows, entries }: Readonly<Record<string, unknown>>): boolean => {
  const single = key !== undefined || features !== undefined;
  return [single || undefined, keys, rows, entries].filter((form) => form !== undefined).length === 1;
};

/** Body of `predict`. */
export const predictBody = z
  .strictObject({
    key: entityKey.optional(),
    features: features.optional(),
    keys: boundedList(entityKey, MAX_ROWS).optional(),
    rows: boundedList(features, MAX_ROWS).optional(),
    entries: boundedList(entry, MAX_ROWS).optional(),
    as_of: rowTime
      .optional()
      .describe('Row time of rows without a key, used by columns derived from instants; by default now'),
    explain: z
      .boolean()
      .optional()
      .describe(
        'Whether each prediction says what it was made from; `?explain` in the address does the same',
      ),
  })
  .refine(isOneForm, 'send key, features or both; or one of keys, rows and entries')
  .refine(
    ({ as_of, key, keys, entries = [] }) =>
      as_of === undefined || !(key ?? keys ?? entries.some((each) => each.key)),
    { path: ['as_of'], message: 'can only be sent without a key, because an online row has its own time' },
  )
  .describe(
    'One entity by `key`, one row by its `features`, or both: features sent with a key replace the stored ones. ' +
      'Several by `keys`, by `rows`, or as `entries` with a key, features or both',
  )
  .meta({ examples: [{ key: { user_id: 'u_000123' }, features: { monthly_fee: 12.5 } }] });

/** Query of `predict`. */
export const predictQuery = z.object({
  explain: z
    .enum(['', 'true', 'false'])
    .optional()
    .describe('`?explain` or `?explain=true`: each prediction says what it was made from'),
});

/** A body of `predict`. */
export type PredictBody = z.infer<typeof predictBody>;

const prediction = z.object({
  id: z.uuid().describe('Unique id of the prediction, under which the prediction log has it'),
  key: z
    .record(z.string(), keyValueAnswer)
    .optional()
    .describe('The key as it was sent; absent if the request named no entity'),
  score: z.number().min(0).max(1).describe('Estimated probability of the positive class'),
  positive: z.boolean().describe('Whether the score reaches the threshold'),
  features_used: z
    .record(z.string(), z.union([z.number(), z.string(), z.boolean()]).nullable())
    .optional()
    .describe('The features with their values; only if the request asks to explain'),
  explanation: z
    .object({
      base: z.number().describe('Log-odds of a row in which every feature contributes its mean'),
      contributions: z
        .array(z.object({ feature: z.string(), log_odds: z.number() }))
        .describe('What each feature adds to the log-odds, the largest first'),
    })
    .optional()
    .describe('How the score came about; only if the request asks to explain and the version is linear'),
  missing: z.array(z.string()).describe('Features that had no value'),
  overridden: z
    .array(z.string())
    .optional()
    .describe('Columns whose value came from the request instead of the online row'),
  past_max_age: z
    .array(
      z.object({
        view: z.string(),
        timestamp: z.iso.datetime().describe('Timestamp of the stored value'),
        max_age: z.string(),
        used: z
          .boolean()
          .describe('Whether the value was used although it is too old; if false, it counts as missing'),
      }),
    )
    .optional()
    .describe('Views whose stored values are older than their maxAge'),
  as_of: z.iso
    .datetime()
    .optional()
    .describe('Row time: the as-of of the online row or, without a key, the row time of the request'),
});

/** One prediction of an answer. */
export type Prediction = z.infer<typeof prediction>;

/** Answer of `predict`. All predictions come from the version that it names. */
export const predictAnswer = z.object({
  model: z.string(),
  version: z.int(),
  threshold: z
    .number()
    .describe('Scores at or above this are positive: the threshold of the version, or 0.5'),
  predictions: z.array(prediction),
});

/** An answer of `predict`. */
export type PredictAnswer = z.infer<typeof predictAnswer>;

const iso = z.union([z.iso.date(), z.iso.datetime({ offset: true })]);

/**
 * Reads an ISO 8601 text as microseconds since 1970 UTC: a day, which means midnight UTC, or an instant with its offset
 * and at most six decimals of a second. Returns `undefined` if the value is neither.
 *
 * @example readInstant('2024-02-29T06:00:00.000001Z') // 1709186400000001
 */
export function readInstant(value: unknown): number | undefined {
  const parsed = iso.safeParse(value);
  if (!parsed.success) return undefined;
  const [, decimals = ''] = /\.(\d+)/.exec(parsed.data) ?? [];
  if (decimals.length > 6) return undefined;
  const seconds = Date.parse(parsed.data.replace(`.${decimals}`, ''));
  return Number.isNaN(seconds) ? undefined : seconds * 1_000 + Number(decimals.padEnd(6, '0'));
}
