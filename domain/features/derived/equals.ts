// equals: whether a column has one certain value.
import { z } from 'zod';
import { categoryText } from '../schema/words.ts';
import { operator } from './operator.ts';
import { categoryOptions, one, type OptionsIn } from './options.ts';

const schema = z.strictObject({
  operator: z.literal('equals'),
  inputs: one,
  /** A number for numbers, a text for categories, a boolean for flags. */
  value: z.union([z.number(), categoryText, z.boolean()]),
  ...categoryOptions,
});

/** Input: a number or a text. Result: a flag, compared exactly. Missing: null. */
export const equalsOperator = operator({
  schema,
  takes: ['number', 'text'],
  missing: 'spreads',
  gives: () => ({ type: 'flag' }),
  problems: ({ value }, [kind]) =>
    (kind === 'number') === (typeof value === 'number')
      ? []
      : [{ at: 'value', problem: `must be a ${kind}, as the column is` }],
  formula: ({ inputs: [input], value }) => `${input} = ${JSON.stringify(value)}`,
  evaluator: ({ value }) => {
    // A flag is the text true or false.
    const wanted = typeof value === 'boolean' ? String(value) : value;
    return ([input]) => String(input === wanted);
  },
});

/** Whether a column has a value. @example equals('net_service', 'No') */
export const equals = (
  input: string,
  value: number | string | boolean,
  options: OptionsIn<typeof schema, 'value'> = {},
): z.output<typeof schema> => ({ operator: 'equals', inputs: [input], value, ...options });
