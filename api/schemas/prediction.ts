// What `predict` takes and answers.
import { z } from 'zod';
import { anyFields, boundedList, boundedRecord } from './bounded.ts';
import { keyValue, keyValueAnswer, MAX_KEY_COLUMNS } from './common.ts';

/** How many entities or rows one request may name. */
const MAX_ROWS = 1_000;

/** An entity by its key columns. */
export const entityKey = boundedRecord(keyValue, MAX_KEY_COLUMNS)
  .describe("The entity's key columns by name")
  .meta({ examples: [{ user_id: 'u_000123' }] });

// Checked against the definition of the version that answers, so that each error names feature, type and value.
/** Features of a row by name. */
export const features = anyFields
  .describe(
    'Columns of the views by name, a derived one never; null is missing, and so is one left out where no key is sent',
  )
  .meta({ examples: [{ monthly_fee: 12.5, net_service: 'DSL', paperless_billing: true }] });

/** The row time of a row that is sent without a key. */
export const rowTime = z
  .string()
  .refine(
    (text) => readInstant(text) !== undefined,
    'must be a day, or an instant with its offset such as 2024-02-29T06:00:00Z',
  );

const entry = z
  .strictObject({ key: entityKey.optional(), features: features.optional() })
  .refine((body) => body.key !== undefined || body.features !== undefined, 'send key, features or both');

/** One entity or row, or one list: not two of them. */
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
      .describe('The row time of rows without a key, for columns derived from instants; by default now'),
  })
  .refine(isOneForm, 'send key, features or both; or one of keys, rows and entries')
  .refine(
    ({ as_of, key, keys, entries = [] }) =>
      as_of === undefined || !(key ?? keys ?? entries.some((each) => each.key)),
    { path: ['as_of'], message: 'is for rows without a key: an online row has a time of its own' },
  )
  .describe(
    'One entity by `key`, one row by its `features`, or both: features sent with a key stand in place of those stored. ' +
      'Several by `keys`, by `rows`, or as `entries` of either or both',
  )
  .meta({ examples: [{ key: { user_id: 'u_000123' }, features: { monthly_fee: 12.5 } }] });

/** A body of `predict`. */
export type PredictBody = z.infer<typeof predictBody>;

const prediction = z.object({
  key: z
    .record(z.string(), keyValueAnswer)
    .optional()
    .describe('The entity, as it was sent; absent where features came in the request'),
  score: z.number().min(0).max(1).describe('Estimated probability of the positive class'),
  positive: z.boolean().describe('Whether the score reaches the threshold'),
  features_used: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()]).nullable()),
  missing: z.array(z.string()).describe('Features that had no value'),
  overridden: z
    .array(z.string())
    .optional()
    .describe('Columns that came in the request in place of what is stored for the entity'),
  past_max_age: z
    .array(
      z.object({
        view: z.string(),
        timestamp: z.iso.datetime().describe('Of the stored value'),
        max_age: z.string(),
        used: z.boolean().describe('Whether it was used all the same; else it counts as missing'),
      }),
    )
    .optional()
    .describe('Views whose stored values are older than their maxAge'),
  as_of: z.iso.datetime().optional().describe('The row time: of the online row, or as the request gave it'),
});

/** One prediction as it is answered. */
export type Prediction = z.infer<typeof prediction>;

/** Answer of `predict`: every prediction comes from the one version named. */
export const predictAnswer = z.object({
  model: z.string(),
  version: z.int(),
  threshold: z
    .number()
    .describe('Score from which on the version says yes: its own operating threshold, or 0.5'),
  predictions: z.array(prediction),
});

/** An answer of `predict`. */
export type PredictAnswer = z.infer<typeof predictAnswer>;

const iso = z.union([z.iso.date(), z.iso.datetime({ offset: true })]);

/**
 * Microseconds since 1970 UTC of an ISO 8601 text: a day, which is midnight UTC, or an instant with its offset and at
 * most six decimals of a second. `undefined` where the value is neither.
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
