// absolute: a number without its sign.
import { z } from 'zod';
import { operator } from './operator.ts';
import { numericOptions, one, type OptionsIn } from './options.ts';

const schema = z.strictObject({ operator: z.literal('absolute'), inputs: one, ...numericOptions });

/** Input: a number. Result: its distance from 0. Missing: null. Overflow: cannot happen. */
export const absoluteOperator = operator({
  schema,
  takes: ['number'],
  missing: 'spreads',
  gives: () => ({ type: 'numeric' }),
  formula: ({ inputs: [input] }) => `|${input}|`,
  evaluator: () => (inputs) => Math.abs(inputs[0] as number),
});

/** A number without its sign. @example absolute('balance') */
export const absolute = (input: string, options: OptionsIn<typeof schema> = {}): z.output<typeof schema> => ({
  operator: 'absolute',
  inputs: [input],
  ...options,
});
