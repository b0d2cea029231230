// product: two or more numbers multiplied.
import { z } from 'zod';
import { operator } from './operator.ts';
import { many, numericOptions, type OptionsIn } from './options.ts';

const schema = z.strictObject({ operator: z.literal('product'), inputs: many, ...numericOptions });

/**
 * Inputs: two numbers or more. Result: their product, multiplied from left to right. Missing: null where any is, also
 * beside a 0. Overflow: null, also where only a part of the product overflows; what is too small for a number is 0.
 */
export const productOperator = operator({
  schema,
  takes: ['number'],
  missing: 'spreads',
  gives: () => ({ type: 'numeric' }),
  formula: ({ inputs }) => inputs.join(' × '),
  evaluator: () => (inputs) => {
    let total = 1;
    for (const value of inputs as readonly number[]) total *= value;
    return total;
  },
});

/** Numbers multiplied. @example product(['seats', 'price_per_seat']) */
export const product = (
  inputs: readonly string[],
  options: OptionsIn<typeof schema> = {},
): z.output<typeof schema> => ({ operator: 'product', inputs, ...options });
