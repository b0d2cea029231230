// days_between: how long after one instant another was.
import { z } from 'zod';
import { DAY_MICROS } from './days-since.ts';
import { operator } from './operator.ts';
import { numericOptions, type OptionsIn, two } from './options.ts';

const schema = z.strictObject({ operator: z.literal('days_between'), inputs: two, ...numericOptions });

/**
 * Inputs: two instants. Result: days of 24 hours from the first to the second, with their fraction; negative where the
 * second is earlier. Missing: null where either is. Overflow: cannot happen.
 */
export const daysBetweenOperator = operator({
  schema,
  takes: ['instant'],
  missing: 'spreads',
  gives: () => ({ type: 'numeric' }),
  formula: ({ inputs: [from, to] }) => `days from ${from} to ${to}`,
  evaluator: () => (inputs) => {
    const [from, to] = inputs as readonly [number, number];
    return (to - from) / DAY_MICROS;
  },
});

/** Days from one instant to another. @example daysBetween('signup_at', 'first_payment_at') */
export const daysBetween = (
  from: string,
  to: string,
  options: OptionsIn<typeof schema> = {},
): z.output<typeof schema> => ({ operator: 'days_between', inputs: [from, to], ...options });
