// clip: a number held within limits.
import { z } from 'zod';
import { operator } from './operator.ts';
import { numericOptions, one, type OptionsIn } from './options.ts';

const schema = z.strictObject({
  operator: z.literal('clip'),
  inputs: one,
  /** Least and greatest result; at least one of them. */
  lower: z.number().optional(),
  upper: z.number().optional(),
  ...numericOptions,
});

/** Input: a number. Result: the number, or the limit that it lies beyond. Missing: null. Overflow: cannot happen. */
export const clipOperator = operator({
  schema,
  takes: ['number'],
  missing: 'spreads',
  gives: () => ({ type: 'numeric' }),
  problems: ({ lower, upper }) => {
    if (lower === undefined && upper === undefined)
      return [{ at: 'lower', problem: 'give lower, upper or both; without a limit nothing is clipped' }];
    return (lower ?? -Infinity) > (upper ?? Infinity)
      ? [{ at: 'lower', problem: `${lower} lies above upper, ${upper}` }]
      : [];
  },
  formula: ({ inputs: [input], lower, upper }) => `${input} clipped to [${lower ?? '−∞'}, ${upper ?? '∞'}]`,
  evaluator:
    ({ lower = -Infinity, upper = Infinity }) =>
    (inputs) =>
      Math.min(upper, Math.max(lower, inputs[0] as number)),
});

/** A number held within limits, both inclusive. @example clip('hours', { lower: 0, upper: 720 }) */
export const clip = (input: string, options: OptionsIn<typeof schema>): z.output<typeof schema> => ({
  operator: 'clip',
  inputs: [input],
  ...options,
});
