// The one shape of every error.
import { z } from 'zod';

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
