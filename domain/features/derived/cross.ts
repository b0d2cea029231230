// cross: two or more categories taken together.
import { z } from 'zod';
import { operator } from './operator.ts';
import { categoryOptions, many, type OptionsIn } from './options.ts';

const schema = z.strictObject({ operator: z.literal('cross'), inputs: many, ...categoryOptions });

const escape = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('&', '\\&');

/**
 * Inputs: two texts or more. Result: one category per combination, `a & b`; `&` and `\` inside a value stand behind a
 * `\`, so that no two combinations are the same text (of which, as of every text, the first 1,000 characters are used).
 * Missing: null if any is.
 */
export const crossOperator = operator({
  schema,
  takes: ['text'],
  missing: 'spreads',
  gives: () => ({ type: 'category' }),
  formula: ({ inputs }) => inputs.join(' & '),
  evaluator: () => (inputs) => (inputs as readonly string[]).map(escape).join(' & '),
});

/** Categories taken together. @example cross(['net_service', 'plan']) // 'DSL & basic' */
export const cross = (
  inputs: readonly string[],
  options: OptionsIn<typeof schema> = {},
): z.output<typeof schema> => ({ operator: 'cross', inputs, ...options });
