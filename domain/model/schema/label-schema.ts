// The schema of `label`: where the label is, when it is expected, and what its absence means.
import { z } from 'zod';
import { column, duration, table } from '../parts/schema-parts.ts';

/** Schema of `label`. */
export const labelSchema = z.strictObject({
  /** Table or view with the labels. */
  table,
  /** Column with the label. */
  column,
  /** Column with the instant of the row that a label belongs to. */
  timestamp: column,
  /** Column with the instant at which a label became known; without it a label counts as known at its timestamp. */
  known: column.optional(),
  /**
   * How long after the time of its row a label is expected at the latest. Until then it is awaited, after that it is
   * overdue.
   */
  delay: duration.default('0 days'),
  /** What it means if there is still no label after the delay; by default nothing, and the row stays unlabelled. */
  absentMeans: z.literal('negative').optional(),
  /**
   * The value that counts as the positive class: `true` or `false` for columns of two classes (true/false, t/f, 1/0,
   * yes/no, y/n, on/off), a number, or an exact text. Every other value is negative.
   */
  positive: z.union([z.boolean(), z.string(), z.number()]).default(true),
});
