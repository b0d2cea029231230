// sum: two or more numbers added up.
import { z } from 'zod';
import { operator } from './operator.ts';
import { many, numericOptions, type OptionsIn } from './options.ts';

const schema = z.strictObject({ operator: z.literal('sum'), inputs: many, ...numericOptions });

/**
 * Inputs: two numbers or more. Result: their sum, added from left to right. Missing: null where any is; `coalesce` first
 * where missing means 0. Overflow: null, also where only a part of the sum overflows.
 */
export const sumOperator = operator({
  schema,
  takes: ['number'],
  missing: 'spreads',
  gives: () => ({ type: 'numeric' }),
  formula: ({ inputs }) => inputs.join(' + '),
  evaluator: () => (inputs) => {
    let total = 0;
    for (const value of inputs as readonly number[]) total += value;
    return total;
  },
});

/** Numbers added up. @example sum(['calls_7d', 'chats_7d']) */
export const sum = (
  inputs: readonly string[],
  options: OptionsIn<typeof schema> = {},
): z.output<typeof schema> => ({ operator: 'sum', inputs, ...options });
