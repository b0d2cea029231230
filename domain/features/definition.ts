// The definition of a model: what a user writes in models/<name>.ts, checked and with its defaults.
import { z } from 'zod';
import { parseDuration } from './duration.ts';

const duration = z
  .string()
  .refine(
    (text) => parseDuration(text) !== undefined,
    'write a duration such as "6 hours", "45 days" or "1 month"',
  );

/** Of a window, or of time that passes: nothing fits into none. */
const span = duration.refine((text) => !/^\s*0+ /.test(text), 'must be longer than nothing');

const name = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,62}$/, 'use lower-case letters, digits, - and _, beginning with a letter');

const column = z.string().regex(/^[A-Za-z_][A-Za-z0-9_$]{0,62}$/, 'must be a column name');

const table = z
  .string()
  .regex(
    /^([A-Za-z_][A-Za-z0-9_$]{0,62}\.)?[A-Za-z_][A-Za-z0-9_$]{0,62}$/,
    'must be a table name, or schema.table',
  );

const critical = { critical: z.boolean().optional() };

const columnSpec = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('numeric'),
    min: z.number().optional(),
    max: z.number().optional(),
    ...critical,
  }),
  z.strictObject({ type: z.literal('count'), ...critical }),
  z.strictObject({ type: z.literal('category'), values: z.array(z.string()).min(1).readonly(), ...critical }),
  z.strictObject({ type: z.literal('flag'), ...critical }),
]);

const viewDefinition = z
  .strictObject({
    table,
    timestamp: column,
    /** Column that says when a row became known; with it, `lag` is required. */
    known: column.optional(),
    /** How long after its timestamp a row may become known and still be used. */
    lag: duration.optional(),
    /** Rows loaded before this instant count as known at their own timestamp (backfilled history). */
    knownSince: z.iso.datetime({ offset: true }).optional(),
    /** How old a value may be at the row time; absent means for ever. */
    ttl: duration.optional(),
    columns: z
      .record(column, columnSpec)
      .refine((columns) => Object.keys(columns).length > 0, 'names no column'),
  })
  .refine((view) => view.known === undefined || view.lag !== undefined, {
    path: ['lag'],
    message: 'a view with `known` states its `lag`: how long after the timestamp its rows are loaded',
  });

const labelDefinition = z.strictObject({
  table,
  column,
  timestamp: column,
  known: column.optional(),
  /** When a label is expected after its row. Stored with the definition; nothing acts on it yet. */
  delay: duration.default('0 days'),
  /** The value that counts as the positive class. */
  positive: z.union([z.boolean(), z.string(), z.number()]).default(true),
});

/** Checks a definition and fills its defaults. */
export const modelDefinitionSchema = z.strictObject({
  name,
  entity: z.strictObject({ name, keys: z.array(column).min(1) }),
  rows: z.strictObject({ table, timestamp: column }),
  features: z.array(viewDefinition).min(1),
  label: labelDefinition,
  holdout: z
    .strictObject({
      share: z.number().gt(0).max(0.5).default(0.2),
      /** Entity keys that make a cluster; by default all, so each entity is one. */
      cluster: z.array(column).min(1).optional(),
    })
    .prefault({}),
  monitor: z.strictObject({ every: span, window: span, timezone: z.string().default('UTC') }),
  drift: z
    .strictObject({
      /** Share of drifted columns at which a window counts as drifted. */
      share: z.number().gt(0).max(1).default(0.3),
      alpha: z.number().gt(0).lt(1).default(0.05),
      minRows: z.int().min(2).default(30),
    })
    .prefault({}),
  retrain: z
    .strictObject({
      /** Fewest labelled rows outside the holdout from which a window is relearnt. */
      minLabels: z.int().min(1).default(200),
      /** How long a refused candidate keeps the next retrain away, unless performance falls further. */
      cooldown: duration.default('7 days'),
    })
    .prefault({}),
  training: z.strictObject({
    trainer: z.literal('logistic-regression'),
    window: span,
    seed: z.int().default(1),
    /** Strength of the L2 penalty beside the summed log loss; scikit-learn's 1 / C. */
    l2: z.number().min(0).default(1),
  }),
  promotion: z.strictObject({
    metric: z.literal('auc').default('auc'),
    /** Least difference in the metric between candidate and champion. */
    minDelta: z.number().min(0).max(1).default(0.005),
    rule: z.enum(['superiority', 'non-inferiority']).default('superiority'),
    /** Non-inferiority margin: how much worse the lower bound of the interval may be. */
    margin: z.number().min(0).max(1).default(0.01),
    /** How much the candidate's log loss may exceed the champion's. */
    logLossTolerance: z.number().min(0).default(0.05),
    approvals: z.literal(1, 'one approval is what this version can ask for').default(1),
    expiresAfter: span.default('7 days'),
    remindEvery: span.default('1 day'),
    /** Whether a decision whose sender was not authenticated counts. */
    unverifiedSignals: z.enum(['accept', 'refuse']).default('refuse'),
    whilePending: z.enum(['supersede', 'skip']).default('supersede'),
  }),
});

/** What a user writes: a definition with its defaults left out. */
export type ModelInput = z.input<typeof modelDefinitionSchema>;
/** A checked definition with every default filled. */
export type ModelDefinition = z.output<typeof modelDefinitionSchema>;
/** One feature view of a definition. */
export type ViewDefinition = z.output<typeof viewDefinition>;
/** What a user writes for one view. */
export type ViewInput = z.input<typeof viewDefinition>;
