// The schema of a model definition, which a user writes in models/<name>.ts, with all defaults.
import { z } from 'zod';
import { derivedSchema } from './derived/operators.ts';
import { driftSchema } from './schema/drift-schema.ts';
import { labelSchema } from './schema/label-schema.ts';
import { slicesSchema } from './schema/slices-schema.ts';
import { trainingSchema } from './schema/training-schema.ts';
import { viewSchema } from './schema/view-schema.ts';
import { watchSchema } from './schema/watch-schema.ts';
import { column, duration, name, span, table } from './parts/schema-parts.ts';
import { type ColumnSpec } from './parts/column.ts';

/** Reasons to retrain that `retrain.on` may list. A missing champion is always a reason. */
export const RETRAIN_REASONS = [
  'performance',
  'estimated performance',
  'critical',
  'share',
  'multivariate',
] as const;

/** A reason to retrain that `retrain.on` may list. */
export type RetrainReason = (typeof RETRAIN_REASONS)[number];

/** Schema of `holdout`. */
export const holdoutSchema = z.strictObject({
  /** Share of the clusters that are held out. */
  share: z.number().gt(0).max(0.5).default(0.2),
  /** Entity keys that identify a cluster; by default all of them, so that each entity is a cluster. */
  cluster: z.array(column).min(1).optional(),
});

/** Schema of a model definition; parsing fills in the defaults. */
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
  /** Which entities exist, and when: one row per entity and time. */
  rows: z.strictObject({
    /** Table or view with these rows. */
    table,
    /** Column with the instant that a row describes. */
    timestamp: column,
  }),
  /** Feature views: tables and the columns that are read from them. */
  features: z.array(viewSchema).min(1),
  /** Columns that are computed from columns of the views and from each other. */
  derived: derivedSchema.optional(),
  /** What is predicted. */
  label: labelSchema,
  /** The entities on which no version is ever trained; versions are compared on them. */
  holdout: holdoutSchema.prefault({}),
  /**
   * Online rows, from which predictions by key are served. `'off'` keeps none: use it for entities that are events and
   * are never looked up again.
   */
  online: z
    .union([
      z.literal('off'),
      z.strictObject({
        /**
         * How often a schedule updates the online rows; absent means that they are updated only by a command and on a
         * release.
         */
        every: span.optional(),
      }),
    ])
    .prefault({}),
  /** How long data is kept. */
  retention: z
    .strictObject({
      /**
       * How long the rows of a frozen dataset are kept after the last version that needs them can no longer be rolled
       * back to.
       */
      datasets: span.default('12 months'),
    })
    .prefault({}),
  /** When the model is monitored, and on which rows. */
  monitor: z.strictObject({
    /** How often the schedule starts a run. */
    every: span,
    /** Length of a window, which ends at the instant of its run. */
    window: span,
    /** IANA name of the time zone that the schedule and the windows of days, weeks, months and years follow. */
    timezone: z.string().default('UTC'),
  }),
  /** When a window counts as drifted. */
  drift: driftSchema,
  /** When a new version is trained. */
  retrain: z
    .strictObject({
      /** What starts a retrain, in addition to a missing champion. Reasons that are left out are still measured and reported. */
      on: z.array(z.enum(RETRAIN_REASONS)).readonly().default(['performance', 'critical', 'share']),
      /** Minimum number of labelled rows outside the holdout for a retrain. */
      minLabels: z.int().min(1).default(200),
      /** How long no retrain starts after a candidate was refused, unless performance falls further. */
      cooldown: duration.default('7 days'),
    })
    .prefault({}),
  /** How a version is trained. */
  training: trainingSchema,
  /** When a candidate may replace the champion, and who decides. */
  promotion: z.strictObject({
    /** The metric on which candidate and champion are compared. */
    metric: z.literal('auc').default('auc'),
    /** Smallest improvement of the metric that a candidate needs over the champion. */
    minDelta: z.number().min(0).max(1).default(0.005),
    /**
     * `superiority`: the lower bound of the confidence interval of the difference is above 0, and the difference is at
     * least `minDelta`. `non-inferiority`: the lower bound is above -`margin`.
     */
    rule: z.enum(['superiority', 'non-inferiority']).default('superiority'),
    /** Non-inferiority margin: how far below 0 the lower bound of the interval may be. */
    margin: z.number().min(0).max(1).default(0.01),
    /** How much the candidate's log loss may exceed the champion's. */
    logLossTolerance: z.number().min(0).default(0.05),
    /** What happens to a candidate if a judgement that was due could not be made. @default 'refuse' */
    failedJudgement: z.enum(['refuse', 'warn']).optional(),
    /** Slices on which no candidate may be significantly worse, in addition to those that are always evaluated. */
    slices: slicesSchema.optional(),
    /** How many people have to approve. */
    approvals: z.int().min(1).max(10).default(1),
    /** Who may approve and reject. */
    approvers: z
      .strictObject({
        /** The role that they must have for the model. @default 'approver' */
        role: z.enum(['approver', 'admin']).optional(),
        /** Groups of the identity provider; if there are any, they must also be in one of them. */
        groups: z.array(z.string().min(1).max(200)).min(1).readonly().optional(),
      })
      .optional(),
    /**
     * What one refusal does: `ends` archives the version, `counts` waits until as many people have refused as would have to
     * approve. @default 'ends'
     */
    rejection: z.enum(['ends', 'counts']).optional(),
    /** Whether a decision must have a comment. @default false */
    commentRequired: z.boolean().optional(),
    /**
     * Whether the person who requested a version may approve it. `record` is for an installation with one person: the
     * record then says that the version was self-approved. @default 'refuse'
     */
    selfApproval: z.enum(['refuse', 'record']).optional(),
    /** Whether a rollback takes an operator's word, or as many approvers as a promotion. @default 'operator' */
    rollback: z.enum(['operator', 'approval']).optional(),
    /** How long a candidate waits for a decision. After that it is archived, never approved. */
    expiresAfter: span.default('7 days'),
    /** How often a reminder is sent while a candidate waits. */
    remindEvery: span.default('1 day'),
    /** Whether to accept decisions and rollbacks whose sender was not authenticated; only with one approval. */
    unverifiedSignals: z.enum(['accept', 'refuse']).default('refuse'),
    /**
     * What happens if a new candidate arrives while another one is waiting: `supersede` archives the waiting one, `skip`
     * archives the new one.
     */
    whilePending: z.enum(['supersede', 'skip']).default('supersede'),
    /**
     * How a version is watched after its promotion. `'off'` watches nothing; left out, it is watched for a day, and a
     * breach only sends a notification.
     */
    watch: watchSchema.optional(),
  }),
});

/** A definition as a user writes it, in which keys with defaults may be left out. */
export type ModelInput = z.input<typeof modelDefinitionSchema>;
/** A checked definition with all defaults filled in. */
export type ModelDefinition = z.output<typeof modelDefinitionSchema>;
/** One feature view of a definition. */
export type ViewDefinition = z.output<typeof viewSchema>;
/** One feature view as a user writes it. */
export type ViewInput = z.input<typeof viewSchema>;

/** A column that is read from a view. */
export interface SourceColumn {
  readonly name: string;
  readonly spec: ColumnSpec;
  /** Position of its view in the definition. */
  readonly view: number;
}

/** Returns the columns that are read from the views (features and inputs of derived columns), in the order written. */
export const sourceColumnsOf = (definition: ModelDefinition): SourceColumn[] =>
  definition.features.flatMap((source, view) =>
    Object.entries(source.columns).map(([name, spec]) => ({ name, spec, view })),
  );

/** Whether online rows are kept, from which predictions by key are served. */
export const keepsOnline = ({ online }: Pick<ModelDefinition, 'online'>): boolean => online !== 'off';

/** Returns how often a schedule updates the online rows; undefined if there is no schedule. */
export const onlineEvery = ({ online }: Pick<ModelDefinition, 'online'>): string | undefined =>
  online === 'off' ? undefined : online.every;
