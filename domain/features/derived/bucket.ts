// bucket: the range that a number falls into, as a category.
import { z } from 'zod';
import { categoryText } from '../schema/words.ts';
import { operator } from './operator.ts';
import { categoryOptions, one, type OptionsIn } from './options.ts';

const schema = z.strictObject({
  operator: z.literal('bucket'),
  inputs: one,
  /** Ascending; each begins the range above it. */
  bounds: z
    .array(z.number())
    .min(1)
    .readonly()
    .refine(
      (bounds) => bounds.every((bound, at) => at === 0 || bound > (bounds[at - 1] as number)),
      'must ascend',
    ),
  /** Names of the ranges: one more than bounds. @default '< 6', '[6, 12)', '≥ 12' */
  labels: z
    .array(categoryText.min(1))
    .readonly()
    .refine((labels) => new Set(labels).size === labels.length, 'names two ranges alike')
    .optional(),
  ...categoryOptions,
});

type BucketSpec = z.output<typeof schema>;

function labelsOf({ bounds, labels }: BucketSpec): readonly string[] {
  if (labels) return labels;
  const between = bounds.slice(1).map((upper, at) => `[${bounds[at]}, ${upper})`);
  return [`< ${bounds[0]}`, ...between, `≥ ${bounds.at(-1)}`];
}

/**
 * Input: a number. Result: the range that it lies in, a category; a bound belongs to the range above it. Missing: null.
 * Overflow: cannot happen.
 */
export const bucketOperator = operator({
  schema,
  takes: ['number'],
  missing: 'spreads',
  gives: (spec) => ({ type: 'category', values: labelsOf(spec) }),
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

/** The range that a number falls into. @example bucket('months_active', [6, 12, 24]) // '[6, 12)' for 7 */
export const bucket = (
  input: string,
  bounds: readonly number[],
  options: OptionsIn<typeof schema, 'bounds'> = {},
): BucketSpec => ({ operator: 'bucket', inputs: [input], bounds, ...options });
