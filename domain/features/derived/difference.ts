// difference: one number less another.
import { z } from 'zod';
import { operator } from './operator.ts';
import { numericOptions, type OptionsIn, two } from './options.ts';

const schema = z.strictObject({ operator: z.literal('difference'), inputs: two, ...numericOptions });

/** Inputs: two numbers. Result: the first less the second. Missing: null where either is. Overflow: null. */
export const differenceOperator = operator({
  schema,
  takes: ['number'],
  missing: 'spreads',
  gives: () => ({ type: 'numeric' }),
  formula: ({ inputs: [from, less] }) => `${from} − ${less}`,
  evaluator: () => (inputs) => {
    const [from, less] = inputs as readonly [number, number];
    return from - less;
  },
});

/** A number less another. @example difference('fee_now', 'fee_before') */
export const difference = (
  from: string,
  less: string,
  options: OptionsIn<typeof schema> = {},
): z.output<typeof schema> => ({ operator: 'difference', inputs: [from, less], ...options });
