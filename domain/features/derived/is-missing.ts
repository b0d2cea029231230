// is_missing: whether a column has no value.
import { z } from 'zod';
import { operator } from './operator.ts';
import { categoryOptions, one, type OptionsIn } from './options.ts';

const schema = z.strictObject({ operator: z.literal('is_missing'), inputs: one, ...categoryOptions });

/**
 * Input: a column of any kind. Result: a flag. Missing: true where the input is, so the result never is; a number that
 * is not finite counts as missing.
 */
export const isMissingOperator = operator({
  schema,
  takes: ['number', 'text', 'instant'],
  missing: 'is seen',
  gives: () => ({ type: 'flag' }),
  formula: ({ inputs: [input] }) => `${input} is missing`,
  evaluator: () => (inputs) => String(inputs[0] === null),
});

/** Whether a column has no value. @example isMissing('ticket_avg_resolution_hrs_90d') */
export const isMissing = (
  input: string,
  options: OptionsIn<typeof schema> = {},
): z.output<typeof schema> => ({
  operator: 'is_missing',
  inputs: [input],
  ...options,
});
