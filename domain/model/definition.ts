// The definition of a model: what a user writes in models/<name>.ts, checked and with its defaults.
import { z } from 'zod';
import { derivedSchema } from './derived/operators.ts';
import { driftSchema } from './schema/drift-schema.ts';
import { labelSchema } from './schema/label-schema.ts';
import { slicesSchema } from './schema/slices-schema.ts';
import { trainingSchema } from './schema/training-schema.ts';
import { viewSchema } from './schema/view-schema.ts';
import { column, duration, name, span, table } from './parts/schema-parts.ts';
import { type ColumnSpec } from './parts/column.ts';

/** What may be a reason by policy; a missing champion always is one. */
export const RETRAIN_REASONS = [
  'performance',
  'estimated performance',
  'critical',
  'share',
  'multivariate',
] as const;

/** A reason that a policy may name. */
export type RetrainReason = (typeof RETRAIN_REASONS)[number];

/** The holdout of a definition. */
export const holdoutSchema = z.strictObject({
  /** Share of the clusters that is held out. */
  share: z.number().gt(0).max(0.5).default(0.2),
  /** Entity keys that make a cluster; by default all, so each entity is one. */
  cluster: z.array(column).min(1).optional(),
});

/** Checks a definition and fills its defaults. */
export const modelDefinitionSchema = z.strictObject({
  /** Name of the model, in commands, routes and workflow ids. */
  name,
  /** What a prediction is about: a user, a device, an order. */
  entity: z.strictObject({
    /** What one entity is called in messages. */
    name,
    /** Columns that together identify an entity. */
    keys: z.array(column).min(1),
  }),
  /** Which entities there are, and when: one row per entity and time. */
  rows: z.strictObject({
    /** Table or view that holds these rows. */
    table,
    /** Column with the instant that a row speaks about. */
    timestamp: column,
  }),
  /** Feature views: tables, and the columns that are read from them. */
  features: z.array(viewSchema).min(1),
  /** Columns computed from those of the views and from each other. */
  derived: derivedSchema.optional(),
  /** What is predicted. */
  label: labelSchema,
  /** The entities on which no version is ever trained; versions are compared on them. */
  holdout: holdoutSchema.prefault({}),
  /**
   * The rows from which predictions by key are served; `'off'` keeps none, for an entity that is an event and is never
   * asked for again.
   */
  online: z
    .union([
      z.literal('off'),
      z.strictObject({
        /** How often online rows are brought up to date by a schedule; absent means by command and release only. */
        every: span.optional(),
      }),
    ])
    .prefault({}),
  /** How long data is kept. */
  retention: z
    .strictObject({
      /** How long the rows of a frozen dataset are kept once nothing in reach of a rollback rests on them. */
      datasets: span.default('12 months'),
    })
    .prefault({}),
  /** When the model is measured, and on which rows. */
  monitor: z.strictObject({
    /** How often the schedule starts a run. */
    every: span,
    /** How far a window reaches back from the instant of its run. */
    window: span,
    /** IANA name of the time zone that the schedule and the windows of days, weeks, months and years follow. */
    timezone: z.string().default('UTC'),
  }),
  /** When a window counts as drifted. */
  drift: driftSchema,
  /** When a new version is trained. */
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
  /** How a version is trained. */
  training: trainingSchema,
  /** When a candidate may replace the champion, and who decides. */
  promotion: z.strictObject({
    /** The metric on which candidate and champion are compared. */
    metric: z.literal('auc').default('auc'),
    /** Least difference in the metric between candidate and champion. */
    minDelta: z.number().min(0).max(1).default(0.005),
    /**
     * `superiority`: the lower bound of the difference's interval is above 0, and the difference reaches `minDelta`.
     * `non-inferiority`: the lower bound is above -`margin`.
     */
    rule: z.enum(['superiority', 'non-inferiority']).default('superiority'),
    /** Non-inferiority margin: how much worse the lower bound of the interval may be. */
    margin: z.number().min(0).max(1).default(0.01),
    /** How much the candidate's log loss may exceed the champion's. */
    logLossTolerance: z.number().min(0).default(0.05),
    /** What becomes of a candidate if a judgement that was due could not be made. @default 'refuse' */
    failedJudgement: z.enum(['refuse', 'warn']).optional(),
    /** Parts of the population on which no candidate may be surely worse, beside those that are always judged. */
    slices: slicesSchema.optional(),
    /** How many people have to approve. */
    approvals: z.literal(1, 'one approval is what this version can ask for').default(1),
    /** How long a candidate waits for a decision; when the time is up it is archived, never approved. */
    expiresAfter: span.default('7 days'),
    /** How often a reminder is sent while a candidate waits. */
    remindEvery: span.default('1 day'),
    /** Whether a decision whose sender was not authenticated counts. */
    unverifiedSignals: z.enum(['accept', 'refuse']).default('refuse'),
    /**
     * What happens to a new candidate while another one waits: `supersede` archives the one that waits, `skip` archives
     * the new one.
     */
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

/** A column that is read from a view. */
export interface SourceColumn {
  readonly name: string;
  readonly spec: ColumnSpec;
  /** Position of its view in the definition. */
  readonly view: number;
}

/** The columns that are read from the views, features and inputs of derived columns alike, in the order written. */
export const sourceColumnsOf = (definition: ModelDefinition): SourceColumn[] =>
  definition.features.flatMap((source, view) =>
    Object.entries(source.columns).map(([name, spec]) => ({ name, spec, view })),
  );

/** Whether rows are kept from which predictions by key are served; `online: 'off'` is for entities that are events. */
export const keepsOnline = ({ online }: Pick<ModelDefinition, 'online'>): boolean => online !== 'off';

/** How often a schedule brings online rows up to date; undefined where none does. */
export const onlineEvery = ({ online }: Pick<ModelDefinition, 'online'>): string | undefined =>
  online === 'off' ? undefined : online.every;
