// Arithmetic operators: ratio, difference, sum, product, logarithm, absolute value and clipping.
import { z } from 'zod';
import { many, numericOptions, one, operator, type OptionsIn, two } from './operator.ts';

const ratioSchema = z.strictObject({ operator: z.literal('ratio'), inputs: two, ...numericOptions });

/**
 * Inputs: numerator and denominator. Result: their quotient. Missing: null if either is missing. Division by zero: null,
 * including 0 / 0. Overflow: null.
 */
export const ratioOperator = operator({
  schema: ratioSchema,
  accepts: ['number'],
  missing: 'propagates',
  resultType: () => ({ type: 'numeric' }),
  formula: ({ inputs: [numerator, denominator] }) => `${numerator} / ${denominator}`,
  evaluator: () => (inputs) => {
    const [numerator, denominator] = inputs as readonly [number, number];
    return denominator === 0 ? null : numerator / denominator;
  },
});

/** Divides one number by another; the result is null if the divisor is 0. @example ratio('monthly_fee', 'watch_hours_30d') */
export const ratio = (
  numerator: string,
  denominator: string,
  options: OptionsIn<typeof ratioSchema> = {},
): z.output<typeof ratioSchema> => ({ operator: 'ratio', inputs: [numerator, denominator], ...options });

const differenceSchema = z.strictObject({
  operator: z.literal('difference'),
  inputs: two,
  ...numericOptions,
});

/** Inputs: two numbers. Result: the first minus the second. Missing: null if either is missing. Overflow: null. */
export const differenceOperator = operator({
  schema: differenceSchema,
  accepts: ['number'],
  missing: 'propagates',
  resultType: () => ({ type: 'numeric' }),
  formula: ({ inputs: [from, subtracted] }) => `${from} − ${subtracted}`,
  evaluator: () => (inputs) => {
    const [from, subtracted] = inputs as readonly [number, number];
    return from - subtracted;
  },
});

/** Subtracts one number from another. @example difference('fee_now', 'fee_before') // fee_now − fee_before */
export const difference = (
  from: string,
  subtracted: string,
  options: OptionsIn<typeof differenceSchema> = {},
): z.output<typeof differenceSchema> => ({ operator: 'difference', inputs: [from, subtracted], ...options });

const sumSchema = z.strictObject({ operator: z.literal('sum'), inputs: many, ...numericOptions });

/**
 * Inputs: two numbers or more. Result: their sum, added from left to right. Missing: null if any input is missing; apply
 * `coalesce` first if missing means 0. Overflow: null, even if only a partial sum overflows.
 */
export const sumOperator = operator({
  schema: sumSchema,
  accepts: ['number'],
  missing: 'propagates',
  resultType: () => ({ type: 'numeric' }),
  formula: ({ inputs }) => inputs.join(' + '),
  evaluator: () => (inputs) => {
    let total = 0;
    for (const value of inputs as readonly number[]) total += value;
    return total;
  },
});

/** Adds up numbers. @example sum(['calls_7d', 'chats_7d']) */
export const sum = (
  inputs: readonly string[],
  options: OptionsIn<typeof sumSchema> = {},
): z.output<typeof sumSchema> => ({ operator: 'sum', inputs, ...options });

const productSchema = z.strictObject({ operator: z.literal('product'), inputs: many, ...numericOptions });

/**
 * Inputs: two numbers or more. Result: their product, multiplied from left to right. Missing: null if any input is
 * missing, even if another one is 0. Overflow: null, even if only a partial product overflows. Underflow: 0.
 */
export const productOperator = operator({
  schema: productSchema,
  accepts: ['number'],
  missing: 'propagates',
  resultType: () => ({ type: 'numeric' }),
  formula: ({ inputs }) => inputs.join(' × '),
  evaluator: () => (inputs) => {
    let total = 1;
    for (const value of inputs as readonly number[]) total *= value;
    return total;
  },
});

/** Multiplies numbers. @example product(['seats', 'price_per_seat']) */
export const product = (
  inputs: readonly string[],
  options: OptionsIn<typeof productSchema> = {},
): z.output<typeof productSchema> => ({ operator: 'product', inputs, ...options });

const log1pSchema = z.strictObject({ operator: z.literal('log1p'), inputs: one, ...numericOptions });

/** Input: a number. Result: ln(1 + x). Missing: null. Not defined: null at −1 and below. Overflow: cannot happen. */
export const log1pOperator = operator({
  schema: log1pSchema,
  accepts: ['number'],
  missing: 'propagates',
  resultType: () => ({ type: 'numeric' }),
  formula: ({ inputs: [input] }) => `ln(1 + ${input})`,
  evaluator: () => (inputs) => Math.log1p(inputs[0] as number),
});

/** Computes the natural logarithm of 1 + a number; null at −1 and below. @example log1p('monthly_fee') */
export const log1p = (
  input: string,
  options: OptionsIn<typeof log1pSchema> = {},
): z.output<typeof log1pSchema> => ({
  operator: 'log1p',
  inputs: [input],
  ...options,
});

const absoluteSchema = z.strictObject({ operator: z.literal('absolute'), inputs: one, ...numericOptions });

/** Input: a number. Result: its absolute value. Missing: null. Overflow: cannot happen. */
export const absoluteOperator = operator({
  schema: absoluteSchema,
  accepts: ['number'],
  missing: 'propagates',
  resultType: () => ({ type: 'numeric' }),
  formula: ({ inputs: [input] }) => `|${input}|`,
  evaluator: () => (inputs) => Math.abs(inputs[0] as number),
});

/** Computes the absolute value of a number. @example absolute('balance') */
export const absolute = (
  input: string,
  options: OptionsIn<typeof absoluteSchema> = {},
): z.output<typeof absoluteSchema> => ({
  operator: 'absolute',
  inputs: [input],
  ...options,
});

const clipSchema = z.strictObject({
  operator: z.literal('clip'),
  inputs: one,
  /** Smallest result. Give `lower`, `upper` or both. */
  lower: z.number().optional(),
  /** Largest result. */
  upper: z.number().optional(),
  ...numericOptions,
});

/** Input: a number. Result: the number, or the limit if the number lies beyond it. Missing: null. Overflow: cannot happen. */
export const clipOperator = operator({
  schema: clipSchema,
  accepts: ['number'],
  missing: 'propagates',
  resultType: () => ({ type: 'numeric' }),
  problems: ({ lower, upper }) => {
    if (lower === undefined && upper === undefined)
      return [{ at: 'lower', problem: 'give lower, upper or both; without a limit, nothing is clipped' }];
    return (lower ?? -Infinity) > (upper ?? Infinity)
      ? [{ at: 'lower', problem: `${lower} lies above upper, ${upper}` }]
      : [];
  },
  formula: ({ inputs: [input], lower, upper }) => `${input} clipped to [${lower ?? '−∞'}, ${upper ?? '∞'}]`,
  evaluator:
    ({ lower = -Infinity, upper = Infinity }) =>
    (inputs) =>
      Math.min(upper, Math.max(lower, inputs[0] as number)),
});

/** Limits a number to a range, both ends inclusive. @example clip('hours', { lower: 0, upper: 720 }) */
export const clip = (input: string, options: OptionsIn<typeof clipSchema>): z.output<typeof clipSchema> => ({
  operator: 'clip',
  inputs: [input],
  ...options,
});
