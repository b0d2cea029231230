// How a definition says what is learnt from, and how.
import { z } from 'zod';
import { span } from './words.ts';

const weight = z.number().gt(0, 'a class must count something').max(1e6);

/** How much a row of each class counts. */
export const classWeightSchema = z.union(
  [z.enum(['none', 'balanced']), z.strictObject({ positive: weight, negative: weight })],
  'write "none", "balanced", or { positive, negative } with numbers above 0, at most 1e6',
);

/** The training policy of a definition. What is optional is left out where it is not said, so that digests stay. */
export const trainingSchema = z.strictObject({
  trainer: z.literal('logistic-regression'),
  window: span,
  seed: z.int().default(1),
  /** Strength of the L2 penalty beside the summed log loss; scikit-learn's 1 / C. */
  l2: z.number().min(0).default(1),
  /** How the optimum is found; both find the same. `auto` takes Newton's method for large windows. */
  solver: z.enum(['auto', 'gradient-descent', 'newton']).default('auto'),
  /** How much a row of each class counts; scikit-learn's class_weight. @default none */
  classWeight: classWeightSchema.optional(),
});
