// How a definition says what is learnt from, and how.
import { z } from 'zod';
import { column, span } from '../parts/schema-parts.ts';

const cost = z.number().gt(0, 'a mistake must cost something').max(1e9);

const within = z
  .number()
  .gt(0)
  .lt(1, 'must be above 0 and below 1: at the ends everybody or nobody is meant');

/** The operating threshold of a definition. */
const thresholdSchema = z.union(
  [
    z.strictObject({
      /** Chooses the threshold with the least total cost of mistakes. */
      cost: z.strictObject({
        /** What a false positive costs. */
        falsePositive: cost,
        /** What a false negative costs. */
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

/** What a definition says of the operating threshold. */
export type ThresholdPolicy = z.output<typeof thresholdSchema>;

/** Options of the trees; every one has a default. */
export const treesSchema = z.strictObject({
  /** Trees at most. */
  rounds: z.int().min(1).max(5_000).default(300),
  /** Leaves of a tree at most. */
  leaves: z.int().min(2).max(1_024).default(31),
  /** Depth of a tree at most; absent means as deep as its leaves allow. */
  depth: z.int().min(1).max(64).optional(),
  /** How much of each tree counts. */
  learningRate: z.number().gt(0).max(1).default(0.1),
  /** Fewest training rows of a leaf. */
  minRows: z.int().min(1).max(1_000_000).default(20),
  /** Rounds without a lower log loss on the validation clusters after which no more are boosted; `false` means never. */
  earlyStopping: z.union([z.int().min(1).max(1_000), z.literal(false)]).default(25),
});

/** Checked options. */
export type TreesPolicy = z.output<typeof treesSchema>;

const then = z.enum(['refuse', 'warn']);

/** The leak alarm of a definition: what it does, or that with its bound and its exceptions. */
const leakAlarmSchema = z.union([
  then,
  z.strictObject({
    /** Refuses the retrain, or tells of it with the version. */
    then: then.optional(),
    /** One feature alone whose AUC is surely above this is an alarm. */
    auc: z.number().gt(0.5).max(1).optional(),
    /** Features that are right as they are, however well they predict. */
    allow: z.array(column).max(1_000).readonly().optional(),
  }),
]);

/** What a definition says of the leak alarm. */
export type LeakAlarmInput = z.output<typeof leakAlarmSchema>;

const weight = z.number().gt(0, 'a class must count something').max(1e6);

/** How much a row of each class counts. */
export const classWeightSchema = z.union(
  [
    z.enum(['none', 'balanced']),
    z.strictObject({
      /** How much a positive row counts. */
      positive: weight,
      /** How much a negative row counts. */
      negative: weight,
    }),
  ],
  'write "none", "balanced", or { positive, negative } with numbers above 0, at most 1e6',
);

/** Points of the largest grid. */
export const MAX_GRID_POINTS = 24;

const tuneSchema = z
  .strictObject({
    /** Strengths of the penalty to choose from. */
    l2: z
      .array(z.number().min(0).max(1e9))
      .min(1)
      .refine((values) => new Set(values).size === values.length, 'names a strength twice')
      .default([0.1, 1, 10]),
    /** Class weights to choose from. @default the definition's own */
    classWeight: z
      .array(classWeightSchema)
      .min(1)
      .refine(
        (values) => new Set(values.map((value) => JSON.stringify(value))).size === values.length,
        'names a weight twice',
      )
      .optional(),
    /** Folds of clusters, each judged by a model that saw none of them. */
    folds: z.int().min(2).max(20).default(5),
    /** The measure by which a point is better. */
    metric: z.enum(['auc', 'log loss']).default('auc'),
  })
  .refine(({ l2, classWeight = ['none'] }) => l2.length * classWeight.length <= MAX_GRID_POINTS, {
    error: `a grid of more than ${MAX_GRID_POINTS} points takes too long: leave some out`,
  });

/** The training policy of a definition. What is optional is left out where it is not said, so that digests stay. */
export const trainingSchema = z
  .strictObject({
    /** The learning algorithm. */
    trainer: z.enum(['logistic-regression', 'gradient-boosted-trees']),
    /** How far the training rows reach back from the newest labelled row. */
    window: span,
    /** Seed of every random number that training draws. */
    seed: z.int().default(1),
    /** Strength of the L2 penalty beside the summed log loss; scikit-learn's 1 / C. */
    l2: z.number().min(0).default(1),
    /** How the optimum is found; both find the same. `auto` takes Newton's method for large windows. */
    solver: z.enum(['auto', 'gradient-descent', 'newton']).default('auto'),
    /** How much a row of each class counts; scikit-learn's class_weight. @default none */
    classWeight: classWeightSchema.optional(),
    /** A grid to choose from by cross-validation inside the training clusters; absent means that nothing is tuned. */
    tune: tuneSchema.optional(),
    /**
     * Which rows to learn from where the training window spans the change that led to the retrain; of both, the better is
     * chosen by cross-validation on rows after the change. @default both
     */
    windows: z
      .array(z.enum(['all', 'recent']))
      .min(1)
      .refine((values) => new Set(values).size === values.length, 'names a window twice')
      .optional(),
    /** What makes scores probabilities, learnt from training rows out of fold. @default 'none' */
    calibration: z.enum(['none', 'platt', 'isotonic', 'auto']).optional(),
    /** From which score on a version says yes, chosen on training rows out of fold. @default at 0.5 */
    threshold: thresholdSchema.optional(),
    /** How trees are boosted; of `gradient-boosted-trees` alone. */
    trees: treesSchema.optional(),
    /** What becomes of a retrain whose features seem to know the label. @default 'refuse' */
    leakAlarm: leakAlarmSchema.optional(),
  })
  .refine(({ trainer, trees }) => trees === undefined || trainer === 'gradient-boosted-trees', {
    path: ['trees'],
    error: 'is of the trainer gradient-boosted-trees alone',
  })
  .refine(({ trainer, tune }) => tune === undefined || trainer === 'logistic-regression', {
    path: ['tune'],
    error:
      'is of the trainer logistic-regression alone: how many trees there are is settled by early stopping',
  })
  .refine(({ trainer, windows }) => windows === undefined || trainer === 'logistic-regression', {
    path: ['windows'],
    error: 'is of the trainer logistic-regression alone: trees learn from the whole training window',
  });
