// The schema of named slices: parts of the population on which no candidate may be significantly worse.
import { z } from 'zod';
import { categoryText, column } from '../parts/schema-parts.ts';

const range = z
  .strictObject({
    /** Smallest value, inclusive. */
    min: z.number().optional(),
    /** Largest value, inclusive. */
    max: z.number().optional(),
  })
  .refine(({ min, max }) => min !== undefined || max !== undefined, 'give min, max or both')
  .refine(({ min = -Infinity, max = Infinity }) => min <= max, 'min is above max');

/** What the value of a column must be: a given value, in a range of numbers, or missing (null). */
const condition = z.union([categoryText, z.boolean(), z.number(), z.null(), range]);

/** Schema of the named slices; a row belongs to a slice if all its conditions are true. */
export const slicesSchema = z
  .array(
    z.strictObject({
      /** Name of the slice in the comparison. */
      name: z.string().trim().min(1).max(100),
      /** Conditions by column: a value, a range, or null for missing. A row belongs to the slice if all are true. */
      where: z
        .record(column, condition)
        .refine((where) => Object.keys(where).length > 0, 'name at least one column'),
    }),
  )
  .max(50);

/** A named slice of a definition. */
export type NamedSlice = z.output<typeof slicesSchema>[number];

/** The condition of a named slice on one column. */
export type SliceCondition = z.output<typeof condition>;
