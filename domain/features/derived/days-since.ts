// days_since: how long ago an instant was at the row time.
import { z } from 'zod';
import { operator } from './operator.ts';
import { numericOptions, one, type OptionsIn } from './options.ts';

const schema = z.strictObject({ operator: z.literal('days_since'), inputs: one, ...numericOptions });

/** Microseconds in a day of 24 hours. */
export const DAY_MICROS = 86_400_000_000;

/**
 * Input: an instant. Result: days of 24 hours from it to the row time, with their fraction; negative where it lies
 * ahead. Missing: null. Overflow: cannot happen.
 */
export const daysSinceOperator = operator({
  schema,
  takes: ['instant'],
  missing: 'spreads',
  gives: () => ({ type: 'numeric' }),
  formula: ({ inputs: [instant] }) => `days from ${instant} to the row time`,
  evaluator: () => (inputs, rowTimeMicros) => (rowTimeMicros - (inputs[0] as number)) / DAY_MICROS,
});

/** Days from an instant to the row time. @example daysSince('signup_at') */
export const daysSince = (
  instant: string,
  options: OptionsIn<typeof schema> = {},
): z.output<typeof schema> => ({ operator: 'days_since', inputs: [instant], ...options });
