// Named slices: parts of the population on which no candidate may be surely worse.
import { z } from 'zod';
import { categoryText, column } from '../parts/schema-parts.ts';

const range = z
  .strictObject({
    /** Least value, inclusive. */
    min: z.number().optional(),
    /** Greatest value, inclusive. */
    max: z.number().optional(),
  })
  .refine(({ min, max }) => min !== undefined || max !== undefined, 'give min, max or both')
  .refine(({ min = -Infinity, max = Infinity }) => min <= max, 'min is above max');

/** What a column must hold: a value, a range of numbers, or null for a missing value. */
const condition = z.union([categoryText, z.boolean(), z.number(), z.null(), range]);

/** Slices by name; a row belongs to one where every condition holds. */
export const slicesSchema = z
  .array(
    z.strictObject({
      /** What the slice is called in the comparison. */
      name: z.string().trim().min(1).max(100),
      /** Column to value, range or null; a row belongs to the slice if every condition holds. */
      where: z
        .record(column, condition)
        .refine((where) => Object.keys(where).length > 0, 'name at least one column'),
    }),
  )
  .max(50);

/** A named slice of a definition. */
export type NamedSlice = z.output<typeof slicesSchema>[number];

/** What a named slice asks of one column. */
export type SliceCondition = z.output<typeof condition>;
