// Bodies and answers of the routes that change something.
import { z } from 'zod';
import { instant, storableText } from './common.ts';
import { givenReason, requestedBy } from './written-text.ts';

const future = z
  .boolean()
  .default(false)
  .describe('Accepts an instant in the future, which is refused otherwise');

export const applyBody = z
  .strictObject({
    definition: z
      .unknown()
      .describe('The definition as JSON, with or without its defaults; see docs/definition.md'),
    requestedBy,
  })
  .meta({ examples: [{ definition: { name: 'churn' } }] });

export const monitorBody = z
  .strictObject({
    asOf: instant.optional().describe('End of the window; the newest row time if absent'),
    future,
    requestedBy,
  })
  .meta({ examples: [{ asOf: '2024-02-29T00:00:00.000Z' }] });

export const retrainBody = z
  .strictObject({
    asOf: instant.optional().describe('End of the comparison window; the newest labelled row time if absent'),
    future,
    requestedBy,
  })
  .meta({ examples: [{ asOf: '2024-02-29T00:00:00.000Z' }] });

export const materializeBody = z
  .strictObject({
    asOf: instant.optional().describe('As-of instant of the rows; now if absent'),
    future,
    full: z
      .boolean()
      .default(false)
      .describe('Processes every entity, and removes rows of entities that are gone'),
    reset: z.boolean().default(false).describe('Rebuilds every row, even rows with a later as-of'),
    from: instant.optional(),
    to: instant.optional().describe('With `from`: only entities with a source row in (from, to]'),
    definitionVersion: z.int().min(1).optional().describe('Only this definition'),
    requestedBy,
  })
  .refine(({ from, to }) => (from === undefined) === (to === undefined), {
    path: ['from'],
    error: 'from and to must be given together',
  })
  .refine(({ from, to }) => from === undefined || to === undefined || new Date(from) < new Date(to), {
    path: ['from'],
    error: 'from must be earlier than to',
  })
  .meta({ examples: [{ asOf: '2024-02-29T00:00:00.000Z' }] });

export const rollbackBody = z
  .strictObject({
    toVersion: z
      .int()
      .min(1)
      .max(2_147_483_647)
      .optional()
      .describe('The version to go back to; the previous champion if absent'),
    reason: givenReason,
    requestedBy,
  })
  .meta({ examples: [{ toVersion: 1, reason: 'complaints since noon' }] });

export const retireBody = z.strictObject({ requestedBy }).meta({ examples: [{}] });

/** Answer to a request that started a run: where it can be followed. */
export const startedRun = z.object({
  model: z.string(),
  workflowId: z.string(),
  asOf: instant.optional().describe('The instant that the run is about'),
  retrainId: z.string().optional(),
});

/** Which run to follow. */
export const followQuery = z.strictObject({
  run: z.enum(['monitor', 'retrain', 'release', 'rollback', 'materialize']),
  retrainId: storableText(500).optional().describe('For a retrain: the id that the request returned'),
  version: z.coerce
    .number()
    .int()
    .min(1)
    .max(2_147_483_647)
    .optional()
    .describe('For a release: the version'),
});

/** One line of the answer to a request that follows a run. */
export type FollowLine =
  | { readonly step: string }
  | { readonly trouble: string }
  | { readonly result: unknown }
  | {
      readonly error: {
        code: string;
        message: string;
        remedy: string;
        places?: { at: string; problem: string }[];
      };
    };
