// coalesce: the first of some columns that has a value.
import { z } from 'zod';
import { categoryText, column } from '../schema/words.ts';
import { type InputKind, operator, type SpecProblem } from './operator.ts';
import { numericOptions, type OptionsIn } from './options.ts';

const schema = z.strictObject({
  operator: z.literal('coalesce'),
  inputs: z.array(column).min(1).readonly(),
  /** The value where no column has one; absent means null. */
  otherwise: z.union([z.number(), categoryText]).optional(),
  /** The values there are, where the columns are texts; absent means any. */
  values: z.array(categoryText).min(1).readonly().optional(),
  ...numericOptions,
});

type CoalesceSpec = z.output<typeof schema>;

function problems(spec: CoalesceSpec, kinds: readonly InputKind[]): SpecProblem[] {
  const [first] = kinds;
  const mixed = kinds.findIndex((kind) => kind !== first);
  if (mixed !== -1) {
    return [{ at: `inputs.${mixed}`, problem: `is a ${kinds[mixed]}, and the columns before it are not` }];
  }
  const wanted = first === 'number' ? 'number' : 'string';
  const foreign = first === 'number' ? (['values'] as const) : (['min', 'max'] as const);
  return [
    ...(spec.otherwise !== undefined && typeof spec.otherwise !== wanted
      ? [{ at: 'otherwise', problem: `must be a ${first}, as the columns are` }]
      : []),
    ...foreign
      .filter((option) => spec[option] !== undefined)
      .map((option) => ({ at: option, problem: `says nothing of a column of ${first}s` })),
  ];
}

/**
 * Inputs: one column or more, all numbers or all texts. Result: the first value in the order given, of their kind; else
 * `otherwise`. Missing: null only where all are and there is no `otherwise`. Overflow: cannot happen.
 */
export const coalesceOperator = operator({
  schema,
  takes: ['number', 'text'],
  missing: 'is seen',
  gives: ({ values }, [first]) =>
    first === 'number' ? { type: 'numeric' } : { type: 'category', ...(values && { values }) },
  problems,
  formula: ({ inputs, otherwise }) =>
    `first of ${[...inputs, ...(otherwise === undefined ? [] : [JSON.stringify(otherwise)])].join(', ')}`,
  evaluator:
    ({ otherwise = null }) =>
    (inputs) =>
      inputs.find((value) => value !== null) ?? otherwise,
});

/** The first of some columns that has a value. @example coalesce(['calls_7d'], { otherwise: 0 }) */
export const coalesce = (
  inputs: readonly string[],
  options: OptionsIn<typeof schema> = {},
): CoalesceSpec => ({ operator: 'coalesce', inputs, ...options });
