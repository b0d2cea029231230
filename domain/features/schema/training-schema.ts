// How a definition says what is learnt from, and how.
import { z } from 'zod';
import { leakAlarmSchema } from './leak-alarm-schema.ts';
import { thresholdSchema } from './threshold-schema.ts';
import { treesSchema } from './trees-schema.ts';
import { span } from './words.ts';

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
