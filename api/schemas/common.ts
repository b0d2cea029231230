// Schemas that several routes share: texts, keys, model names, and the body of an error.
import { z } from 'zod';

// Postgres can store neither NUL nor half a surrogate pair; in a batch, such a text would make the other rows fail too.
const UNSTORABLE = /\0|\p{Surrogate}/u;

/** Whether Postgres can store the text. @example isStorable('a\0b') // false */
export const isStorable = (text: string): boolean => !UNSTORABLE.test(text);

/** A text of at most `maxLength` characters that Postgres can store. */
export const storableText = (maxLength: number) =>
  z.string().max(maxLength).refine(isStorable, 'must not contain NUL or half a surrogate pair');

/** The filter of a search. */
export const filterQuery = z.strictObject({
  filter: storableText(2_000)
    .optional()
    .describe(
      "Comparisons joined by AND, such as `tags.team = 'growth' AND name LIKE 'churn%' AND stage = 'Production'`. " +
        'Fields: name, stage, version, alias, description, trainer, tags.<key>. Operators: =, !=, LIKE, ILIKE.',
    ),
});

/** Path parameters of a route for one model. */
export const modelParams = z.strictObject({ model: storableText(200).describe('Name of the model') });

/** An instant, ISO 8601 in UTC. */
export const instant = z.iso.datetime();

/** Stage of a version. */
export const stage = z.enum(['None', 'Staging', 'Production', 'Archived']);

/** A whole number from 1 to `max` in a path or a query, written in digits. */
export const wholeNumber = (max: number) =>
  z.preprocess(
    // `Number` alone would also accept 0x10, 1e2, blanks and a list with one item.
    (text) => (typeof text === 'string' && /^\d{1,16}$/.test(text) ? Number(text) : text),
    z.int(`must be a whole number from 1 to ${max}`).min(1).max(max),
  );

const errorDetails = {
  remedy: z.string().describe('What to do about it'),
  places: z
    .array(z.object({ at: z.string(), problem: z.string() }))
    .optional()
    .describe('Places of the request, at most 20, each with what is wrong there'),
  requestId: z.string(),
};

const errorSchema = z
  .object({
    type: z.string().describe('Identifies the kind of error: `urn:tidegate:error:` and the code'),
    title: z.string().describe('The code in words'),
    status: z.int().describe('The HTTP status'),
    detail: z.string().describe('What went wrong in this request'),
    code: z.string().describe('A code of docs/errors.md'),
    ...errorDetails,
    error: z
      .object({ code: z.string(), message: z.string(), ...errorDetails })
      .describe('The same, in the shape of releases before RFC 9457'),
  })
  .meta({ id: 'Error', description: 'A problem of RFC 9457; every error of these routes has this shape' });

/** Body of an error answer of Tidegate's own routes. */
export type ErrorBody = z.infer<typeof errorSchema>;

/** Error answers of a route, for its `response`. */
export const errorResponses = { '4xx': errorSchema, '5xx': errorSchema } as const;

/** Maximum number of key columns of an entity: as many as an index of Postgres can have. */
export const MAX_KEY_COLUMNS = 32;

/** Maximum number of characters of a key value. */
export const MAX_KEY_TEXT = 500;

/** A value of a key column; answers return it as it was sent. */
export const keyValue = z.union([storableText(MAX_KEY_TEXT), z.int()], {
  error: 'must be a text or a whole number',
});

/** A value of a key column in a request. */
export type KeyValue = z.output<typeof keyValue>;

/** A value of a key column in an answer. */
export const keyValueAnswer = z.union([z.string(), z.int()]);
