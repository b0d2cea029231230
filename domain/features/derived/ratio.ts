// ratio: one number divided by another.
import { z } from 'zod';
import { operator } from './operator.ts';
import { numericOptions, type OptionsIn, two } from './options.ts';

const schema = z.strictObject({ operator: z.literal('ratio'), inputs: two, ...numericOptions });

/**
 * Inputs: numerator, denominator. Result: their quotient. Missing: null where either is. Division by zero: null, also
 * 0 / 0. Overflow: null.
 */
export const ratioOperator = operator({
  schema,
  takes: ['number'],
  missing: 'spreads',
  gives: () => ({ type: 'numeric' }),
  formula: ({ inputs: [numerator, denominator] }) => `${numerator} / ${denominator}`,
  evaluator: () => (inputs) => {
    const [numerator, denominator] = inputs as readonly [number, number];
    return denominator === 0 ? null : numerator / denominator;
  },
});

/** A number divided by another; null where that is 0. @example ratio('monthly_fee', 'watch_hours_30d') */
export const ratio = (
  numerator: string,
  denominator: string,
  options: OptionsIn<typeof schema> = {},
): z.output<typeof schema> => ({ operator: 'ratio', inputs: [numerator, denominator], ...options });
