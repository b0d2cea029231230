// What a derived column may state beside its formula: the options of any column.
import { z } from 'zod';
import { categoryDrift, columnOptions } from '../schema/column-schema.ts';
import { column } from '../schema/words.ts';

/** Options of a derived column of numbers. */
export const numericOptions = {
  ...columnOptions,
  /** Inclusive bounds of the contract. */
  min: z.number().optional(),
  max: z.number().optional(),
};

/** Options of a derived column of texts. */
export const categoryOptions = { ...columnOptions, drift: categoryDrift };

/** The names of one, two, or at least two columns that are read. */
export const one = z.tuple([column]).readonly();
export const two = z.tuple([column, column]).readonly();
export const many = z.array(column).min(2).readonly();

/** The options in a declaration: all that is neither the operator, its inputs nor its own parameters. */
export type OptionsIn<Schema extends z.ZodType, Own extends PropertyKey = never> = Omit<
  z.output<Schema>,
  'operator' | 'inputs' | Own
>;
