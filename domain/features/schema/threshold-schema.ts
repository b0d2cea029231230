// Where a version says yes: by what mistakes cost, by a rate, a precision or a recall, or at a given score.
import { z } from 'zod';

const cost = z.number().gt(0, 'a mistake must cost something').max(1e9);
const within = z
  .number()
  .gt(0)
  .lt(1, 'must be above 0 and below 1: at the ends everybody or nobody is meant');

/** The operating threshold of a definition. */
export const thresholdSchema = z.union(
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
