// log1p: the logarithm of one more than a number, which draws in a long tail.
import { z } from 'zod';
import { operator } from './operator.ts';
import { numericOptions, one, type OptionsIn } from './options.ts';

const schema = z.strictObject({ operator: z.literal('log1p'), inputs: one, ...numericOptions });

/** Input: a number. Result: ln(1 + x). Missing: null. Not defined: null at −1 and below. Overflow: cannot happen. */
export const log1pOperator = operator({
  schema,
  takes: ['number'],
  missing: 'spreads',
  gives: () => ({ type: 'numeric' }),
  formula: ({ inputs: [input] }) => `ln(1 + ${input})`,
  evaluator: () => (inputs) => Math.log1p(inputs[0] as number),
});

/** The natural logarithm of 1 + a number; null at −1 and below. @example log1p('monthly_fee') */
export const log1p = (input: string, options: OptionsIn<typeof schema> = {}): z.output<typeof schema> => ({
  operator: 'log1p',
  inputs: [input],
  ...options,
});
