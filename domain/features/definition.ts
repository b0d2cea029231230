// The definition of a model: what a user writes in models/<name>.ts, checked and with its defaults.
import { z } from 'zod';
import { RETRAIN_REASONS } from '../lifecycle/retrain-reasons.ts';
import { derivedSchema } from './derived/operators.ts';
import { holdoutSchema } from './schema/holdout-schema.ts';
import { driftSchema } from './schema/drift-schema.ts';
import { labelSchema } from './schema/label-schema.ts';
import { slicesSchema } from './schema/slices-schema.ts';
import { trainingSchema } from './schema/training-schema.ts';
import { viewSchema } from './schema/view-schema.ts';
import { column, duration, name, span, table } from './schema/words.ts';

/** Checks a definition and fills its defaults. */
export const modelDefinitionSchema = z.strictObject({
  name,
  entity: z.strictObject({ name, keys: z.array(column).min(1) }),
  rows: z.strictObject({ table, timestamp: column }),
  features: z.array(viewSchema).min(1),
  /** Columns computed from those of the views and from each other. */
  derived: derivedSchema.optional(),
  label: labelSchema,
  holdout: holdoutSchema.prefault({}),
  online: z
    .strictObject({
      /** How often online rows are brought up to date by a schedule; absent means by command and release only. */
      every: span.optional(),
    })
    .prefault({}),
  retention: z
    .strictObject({
      /** How long the rows of a frozen dataset are kept once nothing in reach of a rollback rests on them. */
      datasets: span.default('12 months'),
    })
    .prefault({}),
  monitor: z.strictObject({ every: span, window: span, timezone: z.string().default('UTC') }),
  drift: driftSchema,
  retrain: z
    .strictObject({
      /** What starts a retrain beside a missing champion; what is left out is measured and reported all the same. */
      on: z.array(z.enum(RETRAIN_REASONS)).readonly().default(['performance', 'critical', 'share']),
      /** Fewest labelled rows outside the holdout from which a window is relearnt. */
      minLabels: z.int().min(1).default(200),
      /** How long a refused candidate keeps the next retrain away, unless performance falls further. */
      cooldown: duration.default('7 days'),
    })
    .prefault({}),
  training: trainingSchema,
  promotion: z.strictObject({
    metric: z.literal('auc').default('auc'),
    /** Least difference in the metric between candidate and champion. */
    minDelta: z.number().min(0).max(1).default(0.005),
    rule: z.enum(['superiority', 'non-inferiority']).default('superiority'),
    /** Non-inferiority margin: how much worse the lower bound of the interval may be. */
    margin: z.number().min(0).max(1).default(0.01),
    /** How much the candidate's log loss may exceed the champion's. */
    logLossTolerance: z.number().min(0).default(0.05),
    /** Parts of the population on which no candidate may be surely worse, beside those that are always judged. */
    slices: slicesSchema.optional(),
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
export type ViewDefinition = z.output<typeof viewSchema>;
/** What a user writes for one view. */
export type ViewInput = z.input<typeof viewSchema>;
