// The schema of `training`: the rows a version is trained on, and how.
import { z } from 'zod';
import { column, span } from '../parts/schema-parts.ts';

const cost = z.number().gt(0, 'the cost of a mistake must be above 0').max(1e9);

const within = z
  .number()
  .gt(0)
  .lt(1, 'must be above 0 and below 1, because at 0 or 1 all rows or no rows would be positive');

/** Schema of the operating threshold. */
const thresholdSchema = z.union(
  [
    z.strictObject({
      /** Chooses the threshold with the lowest total cost of mistakes. */
      cost: z.strictObject({
        /** Cost of a false positive. */
        falsePositive: cost,
        /** Cost of a false negative. */
        falseNegative: cost,
      }),
    }),
    z.strictObject({
      /** Chooses the lowest threshold at which at most this share of rows is positive. */
      rate: within,
    }),
    z.strictObject({
      /** Chooses the threshold with the highest recall among those with at least this precision. */
      precision: z.number().gt(0).max(1),
    }),
    z.strictObject({
      /** Chooses the highest threshold with at least this recall. */
      recall: z.number().gt(0).max(1),
    }),
    z.strictObject({
      /** Uses this score as the threshold. */
      value: within,
    }),
  ],
  'write one of { cost: { falsePositive, falseNegative } } with numbers above 0, { rate } or { value } above 0 and below 1, ' +
    '{ precision } or { recall } above 0 and at most 1',
);

/** The policy for the operating threshold. */
export type ThresholdPolicy = z.output<typeof thresholdSchema>;

/** Schema of the options of the trees. */
export const treesSchema = z.strictObject({
  /** Maximum number of trees. */
  rounds: z.int().min(1).max(5_000).default(300),
  /** Maximum number of leaves of a tree. */
  leaves: z.int().min(2).max(1_024).default(31),
  /** Maximum depth of a tree; absent means no limit except the number of leaves. */
  depth: z.int().min(1).max(64).optional(),
  /** Factor by which the contribution of each tree is multiplied. */
  learningRate: z.number().gt(0).max(1).default(0.1),
  /** Minimum number of training rows in a leaf. */
  minRows: z.int().min(1).max(1_000_000).default(20),
  /** Stops after this many rounds without a lower log loss on the validation clusters; `false` never stops early. */
  earlyStopping: z.union([z.int().min(1).max(1_000), z.literal(false)]).default(25),
});

/** The options of the trees, with all defaults filled in. */
export type TreesPolicy = z.output<typeof treesSchema>;

const then = z.enum(['refuse', 'warn']);

/** Schema of the leak alarm: what it does, or an object that also sets its bound and exceptions. */
const leakAlarmSchema = z.union([
  then,
  z.strictObject({
    /** Whether to refuse the retrain, or only record a warning with the version. */
    then: then.optional(),
    /** A feature raises the alarm if its AUC on its own is significantly above this. */
    auc: z.number().gt(0.5).max(1).optional(),
    /** Features that never raise the alarm, however well they predict. */
    allow: z.array(column).max(1_000).readonly().optional(),
  }),
]);

/** The leak alarm as it is written in a definition. */
export type LeakAlarmInput = z.output<typeof leakAlarmSchema>;

const weight = z.number().gt(0, 'the weight of a class must be above 0').max(1e6);

/** Schema of the class weights. */
export const classWeightSchema = z.union(
  [
    z.enum(['none', 'balanced']),
    z.strictObject({
      /** Weight of a positive row. */
      positive: weight,
      /** Weight of a negative row. */
      negative: weight,
    }),
  ],
  'write "none", "balanced", or { positive, negative } with numbers above 0, at most 1e6',
);

/** The largest number of points in a grid. */
export const MAX_GRID_POINTS = 24;

const tuneSchema = z
  .strictObject({
    /** Strengths of the L2 penalty to choose from. */
    l2: z
      .array(z.number().min(0).max(1e9))
      .min(1)
      .refine((values) => new Set(values).size === values.length, 'lists a strength twice')
      .default([0.1, 1, 10]),
    /** Class weights to choose from. @default the definition's own */
    classWeight: z
      .array(classWeightSchema)
      .min(1)
      .refine(
        (values) => new Set(values.map((value) => JSON.stringify(value))).size === values.length,
        'lists a weight twice',
      )
      .optional(),
    /** Number of cross-validation folds. All rows of a cluster are in the same fold. */
    folds: z.int().min(2).max(20).default(5),
    /** The metric by which the points of the grid are compared. */
    metric: z.enum(['auc', 'log loss']).default('auc'),
  })
  .refine(({ l2, classWeight = ['none'] }) => l2.length * classWeight.length <= MAX_GRID_POINTS, {
    error: `a grid of more than ${MAX_GRID_POINTS} points takes too long: remove some`,
  });

/** Schema of `training`. Optional keys have no defaults here, so that digests of stored definitions do not change. */
export const trainingSchema = z
  .strictObject({
    /** The learning algorithm. */
    trainer: z.enum(['logistic-regression', 'gradient-boosted-trees']),
    /** Length of the training window, which ends at the newest labelled row. */
    window: span,
    /** Seed of all random numbers in training. */
    seed: z.int().default(1),
    /** Strength of the L2 penalty, relative to the summed log loss; 1 / C in scikit-learn. */
    l2: z.number().min(0).default(1),
    /** How the optimum is found; both methods find the same one. `auto` uses Newton's method for large windows. */
    solver: z.enum(['auto', 'gradient-descent', 'newton']).default('auto'),
    /** Weights of the rows of each class; class_weight in scikit-learn. @default none */
    classWeight: classWeightSchema.optional(),
    /** A grid from which cross-validation on the training clusters chooses; absent means no tuning. */
    tune: tuneSchema.optional(),
    /**
     * Which rows to train on if the training window contains the change that led to the retrain: all, or only those after
     * the change. If both are listed, cross-validation on rows after the change chooses. @default both
     */
    windows: z
      .array(z.enum(['all', 'recent']))
      .min(1)
      .refine((values) => new Set(values).size === values.length, 'lists a window twice')
      .optional(),
    /** How scores are calibrated to probabilities, fitted on out-of-fold scores of the training rows. @default 'none' */
    calibration: z.enum(['none', 'platt', 'isotonic', 'auto']).optional(),
    /**
     * The operating threshold: scores at or above it count as positive. It is chosen on out-of-fold scores of the
     * training rows.
     *
     * @default 0.5
     */
    threshold: thresholdSchema.optional(),
    /** Options of the trees; only for the trainer `gradient-boosted-trees`. */
    trees: treesSchema.optional(),
    /**
     * What happens to a retrain if a feature predicts the label so well that it may be derived from it.
     *
     * @default 'refuse'
     */
    leakAlarm: leakAlarmSchema.optional(),
  })
  .refine(({ trainer, trees }) => trees === undefined || trainer === 'gradient-boosted-trees', {
    path: ['trees'],
    error: 'applies only to the trainer gradient-boosted-trees',
  })
  .refine(({ trainer, tune }) => tune === undefined || trainer === 'logistic-regression', {
    path: ['tune'],
    error: 'applies only to the trainer logistic-regression: early stopping decides the number of trees',
  })
  .refine(({ trainer, windows }) => windows === undefined || trainer === 'logistic-regression', {
    path: ['windows'],
    error: 'applies only to the trainer logistic-regression: trees are trained on the whole training window',
  });
