// Schemas that several routes share: texts, keys, names of models, and the body of an error.
import { z } from 'zod';

// Postgres stores neither NUL nor half a surrogate pair; in a batch such a text would fail its neighbours too.
const UNSTORABLE = /\0|\p{Surrogate}/u;

/** Whether Postgres can store the text. @example isStorable('a\0b') // false */
export const isStorable = (text: string): boolean => !UNSTORABLE.test(text);

/** A text of at most `longest` characters that Postgres can store. */
export const storableText = (longest: number) =>
  z.string().max(longest).refine(isStorable, 'must not hold NUL or half a surrogate pair');

/** Path of a route that speaks of one model. */
export const modelParams = z.strictObject({ model: storableText(200).describe('Name of the model') });

/** An instant, ISO 8601 in UTC. */
export const instant = z.iso.datetime();

/** Where a version stands. */
export const stage = z.enum(['None', 'Staging', 'Production', 'Archived']);

/** A whole number from 1 in a path or a query, in digits. */
export const wholeNumber = (most: number) =>
  z.preprocess(
    // `Number` alone would read 0x10, 1e2, blanks and a list of one as numbers too.
    (text) => (typeof text === 'string' && /^\d{1,16}$/.test(text) ? Number(text) : text),
    z.int(`must be a whole number from 1 to ${most}`).min(1).max(most),
  );

/** What every answer with status 400 or above holds. */
const errorSchema = z
  .object({
    error: z.object({
      code: z.string().describe('A code of docs/errors.md'),
      message: z.string(),
      remedy: z.string().describe('What to do about it'),
      places: z
        .array(z.object({ at: z.string(), problem: z.string() }))
        .optional()
        .describe('Places in the request that were wrong, at most 20'),
      requestId: z.string(),
    }),
  })
  .meta({ id: 'Error', description: 'Every error has this shape' });

/** An error as it is sent. */
export type ErrorBody = z.infer<typeof errorSchema>;

/** Error answers of a route, for its `response`. */
export const errorResponses = { '4xx': errorSchema, '5xx': errorSchema } as const;

/** How many columns may name an entity: as many as an index of Postgres can hold. */
export const MAX_KEY_COLUMNS = 32;

/** One value of a key: it comes back as it was sent. */
export const keyValue = z.union([storableText(500), z.int()], { error: 'must be a text or a whole number' });

/** A value of a key as a request sends it. */
export type KeyValue = z.output<typeof keyValue>;

/** A value of a key in an answer. */
export const keyValueAnswer = z.union([z.string(), z.int()]);
