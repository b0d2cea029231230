// How the label is declared: where it is, when it is expected, and what its absence means.
import { z } from 'zod';
import { column, duration, table } from '../parts/schema-parts.ts';

/** The label of a definition. */
export const labelSchema = z.strictObject({
  /** Table or view that holds the labels. */
  table,
  /** Column with the label. */
  column,
  /** Column with the instant of the row that a label belongs to. */
  timestamp: column,
  /** Column with the instant at which a label became known; without it a label counts as known at its timestamp. */
  known: column.optional(),
  /** When a label is expected after its row: before that it is awaited, after it overdue. */
  delay: duration.default('0 days'),
  /** What a label that is absent after the delay means; by default nothing, and the row stays unlabelled. */
  absentMeans: z.literal('negative').optional(),
  /**
   * The value that counts as the positive class: `true` or `false` for columns of two classes (true/false, t/f, 1/0,
   * yes/no, y/n, on/off), a number, or a text to the letter, besides which every value is negative.
   */
  positive: z.union([z.boolean(), z.string(), z.number()]).default(true),
});
