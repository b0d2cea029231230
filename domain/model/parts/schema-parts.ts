// Schemas of the values that occur in every part of a definition: names, tables, columns, durations.
import { z } from 'zod';
import { categoryOf, MAX_CATEGORY } from './category.ts';
import { parseDuration } from './duration.ts';

/** A duration as people write it. */
export const duration = z
  .string()
  .refine(
    (text) => parseDuration(text) !== undefined,
    'write a duration such as "6 hours", "45 days", "1 month" or "1 year"',
  );

/** A duration above zero, for windows and periods. */
export const span = duration.refine((text) => !/^\s*0+ /.test(text), 'must be longer than zero');

/** Name of a model, an entity or a view. */
export const name = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,62}$/, 'use lower-case letters, digits, - and _, beginning with a letter');

/** Name of a column in the user's tables, or of a derived column. */
export const column = z
  .string()
  .regex(
    /^[A-Za-z_][A-Za-z0-9_$]{0,62}$/,
    'must be a column name of at most 63 letters, digits and _ that does not begin with a digit; a view in Postgres can rename a column',
  );

/** Name of a table or view in Postgres. */
export const table = z
  .string()
  .regex(
    /^([A-Za-z_][A-Za-z0-9_$]{0,62}\.)?[A-Za-z_][A-Za-z0-9_$]{0,62}$/,
    'must be a table name, or schema.table',
  );

/** A category in a definition; not longer than a category can be. */
export const categoryText = z
  .string()
  .refine(
    (text) => categoryOf(text) === text,
    `must have at most ${MAX_CATEGORY} characters, because a longer text is truncated to that length when used as a category`,
  );

/** A share of rows, from 0 to 1. */
export const share = z.number().min(0).max(1);

/** Schema of what a broken contract does: `fail` stops the loop and sends an alert, `warn` is only reported. */
export const severity = z.enum(['fail', 'warn']);

/** What a broken contract does: stop the loop and send an alert, or only appear in the report. */
export type Severity = z.output<typeof severity>;
