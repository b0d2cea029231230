// Operators that return categories or flags, or fill missing values: bucket, cross, equals, is_missing, coalesce.
import { z } from 'zod';
import { categoryText, column } from '../parts/schema-parts.ts';
import {
  categoryOptions,
  type InputKind,
  many,
  numericOptions,
  one,
  operator,
  type OptionsIn,
  type SpecProblem,
} from './operator.ts';

const bucketSchema = z.strictObject({
  operator: z.literal('bucket'),
  inputs: one,
  /** Bounds between the ranges, ascending. A bound belongs to the range above it. */
  bounds: z
    .array(z.number())
    .min(1)
    .readonly()
    .refine(
      (bounds) => bounds.every((bound, at) => at === 0 || bound > (bounds[at - 1] as number)),
      'must ascend',
    ),
  /** Names of the ranges: one more than there are bounds. @default such as '< 6', '[6, 12)', '≥ 12' */
  labels: z
    .array(categoryText.min(1))
    .readonly()
    .refine((labels) => new Set(labels).size === labels.length, 'must not repeat a name')
    .optional(),
  ...categoryOptions,
});

type BucketSpec = z.output<typeof bucketSchema>;

function labelsOf({ bounds, labels }: BucketSpec): readonly string[] {
  if (labels) return labels;
  const between = bounds.slice(1).map((upper, at) => `[${bounds[at]}, ${upper})`);
  return [`< ${bounds[0]}`, ...between, `≥ ${bounds.at(-1)}`];
}

/**
 * Input: a number. Result: the range that contains it, as a category; a bound belongs to the range above it. Missing:
 * null. Overflow: cannot happen.
 */
export const bucketOperator = operator({
  schema: bucketSchema,
  accepts: ['number'],
  missing: 'propagates',
  resultType: (spec) => ({ type: 'category', values: labelsOf(spec) }),
  problems: ({ bounds, labels }) =>
    labels === undefined || labels.length === bounds.length + 1
      ? []
      : [
          {
            at: 'labels',
            problem: `${bounds.length} bounds make ${bounds.length + 1} ranges, not ${labels.length}`,
          },
        ],
  formula: (spec) => `range of ${spec.inputs[0]}: ${labelsOf(spec).join(' | ')}`,
  evaluator: (spec) => {
    const labels = labelsOf(spec);
    return ([input]) => {
      const above = spec.bounds.findIndex((bound) => (input as number) < bound);
      return labels[above === -1 ? spec.bounds.length : above] ?? null;
    };
  },
});

/** Finds the range that contains a number. @example bucket('months_active', [6, 12, 24]) // '[6, 12)' for 7 */
export const bucket = (
  input: string,
  bounds: readonly number[],
  options: OptionsIn<typeof bucketSchema, 'bounds'> = {},
): BucketSpec => ({ operator: 'bucket', inputs: [input], bounds, ...options });

const equalsSchema = z.strictObject({
  operator: z.literal('equals'),
  inputs: one,
  /** The value to compare with: a number for numbers, a text for categories, a boolean for flags. */
  value: z.union([z.number(), categoryText, z.boolean()]),
  ...categoryOptions,
});

/** Input: a number or a text. Result: a flag, compared exactly. Missing: null. */
export const equalsOperator = operator({
  schema: equalsSchema,
  accepts: ['number', 'text'],
  missing: 'propagates',
  resultType: () => ({ type: 'flag' }),
  problems: ({ value }, [kind]) =>
    (kind === 'number') === (typeof value === 'number')
      ? []
      : [{ at: 'value', problem: `must be a ${kind}, as the column is` }],
  formula: ({ inputs: [input], value }) => `${input} = ${JSON.stringify(value)}`,
  evaluator: ({ value }) => {
    // Flags are stored as the texts `true` and `false`.
    const wanted = typeof value === 'boolean' ? String(value) : value;
    return ([input]) => String(input === wanted);
  },
});

/** Tests whether a column has a given value. @example equals('net_service', 'No') */
export const equals = (
  input: string,
  value: number | string | boolean,
  options: OptionsIn<typeof equalsSchema, 'value'> = {},
): z.output<typeof equalsSchema> => ({ operator: 'equals', inputs: [input], value, ...options });

const crossSchema = z.strictObject({ operator: z.literal('cross'), inputs: many, ...categoryOptions });

const escape = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('&', '\\&');

/**
 * Inputs: two texts or more. Result: one category per combination, `a & b`. `&` and `\` inside a value are escaped with
 * `\`, so that two combinations never have the same text. As with every category, only the first 1,000 characters are
 * used. Missing: null if any input is missing.
 */
export const crossOperator = operator({
  schema: crossSchema,
  accepts: ['text'],
  missing: 'propagates',
  resultType: () => ({ type: 'category' }),
  formula: ({ inputs }) => inputs.join(' & '),
  evaluator: () => (inputs) => (inputs as readonly string[]).map(escape).join(' & '),
});

/** Combines categories into one. @example cross(['net_service', 'plan']) // 'DSL & basic' */
export const cross = (
  inputs: readonly string[],
  options: OptionsIn<typeof crossSchema> = {},
): z.output<typeof crossSchema> => ({ operator: 'cross', inputs, ...options });

const isMissingSchema = z.strictObject({
  operator: z.literal('is_missing'),
  inputs: one,
  ...categoryOptions,
});

/**
 * Input: a column of any kind. Result: a flag, true if the input is missing; the result itself is never missing. A number
 * that is not finite counts as missing.
 */
export const isMissingOperator = operator({
  schema: isMissingSchema,
  accepts: ['number', 'text', 'instant'],
  missing: 'is handled',
  resultType: () => ({ type: 'flag' }),
  formula: ({ inputs: [input] }) => `${input} is missing`,
  evaluator: () => (inputs) => String(inputs[0] === null),
});

/** Tests whether a column has no value. @example isMissing('ticket_avg_resolution_hrs_90d') */
export const isMissing = (
  input: string,
  options: OptionsIn<typeof isMissingSchema> = {},
): z.output<typeof isMissingSchema> => ({
  operator: 'is_missing',
  inputs: [input],
  ...options,
});

const coalesceSchema = z.strictObject({
  operator: z.literal('coalesce'),
  inputs: z.array(column).min(1).readonly(),
  /** The value if no column has one; absent means null. */
  otherwise: z.union([z.number(), categoryText]).optional(),
  /** The possible values if the columns are texts; absent means that any value is possible. */
  values: z.array(categoryText).min(1).readonly().optional(),
  ...numericOptions,
});

type CoalesceSpec = z.output<typeof coalesceSchema>;

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
      .map((option) => ({ at: option, problem: `does not apply to a column of ${first}s` })),
  ];
}

/**
 * Inputs: one column or more, all numbers or all texts. Result: the first value that is present, in the order given, or
 * else `otherwise`. Missing: null only if all inputs are missing and there is no `otherwise`. Overflow: cannot happen.
 */
export const coalesceOperator = operator({
  schema: coalesceSchema,
  accepts: ['number', 'text'],
  missing: 'is handled',
  resultType: ({ values }, [first]) =>
    first === 'number' ? { type: 'numeric' } : { type: 'category', ...(values && { values }) },
  problems,
  formula: ({ inputs, otherwise }) =>
    `first of ${[...inputs, ...(otherwise === undefined ? [] : [JSON.stringify(otherwise)])].join(', ')}`,
  evaluator:
    ({ otherwise = null }) =>
    (inputs) =>
      inputs.find((value) => value !== null) ?? otherwise,
});

/** Returns the first present value of several columns. @example coalesce(['calls_7d'], { otherwise: 0 }) */
export const coalesce = (
  inputs: readonly string[],
  options: OptionsIn<typeof coalesceSchema> = {},
): CoalesceSpec => ({ operator: 'coalesce', inputs, ...options });
