// How a feature view is declared: a table, when its rows are true and known, and the columns that are read.
import { z } from 'zod';
import { derivedSchema } from '../derived/operators.ts';
import { columnSchema } from '../parts/column-schema.ts';
import { column, duration, name, severity, span, table } from '../parts/schema-parts.ts';

/** A feature view of a definition. */
export const viewSchema = z
  .strictObject({
    /** Names a view that several models share. */
    name: name.optional(),
    /** Table or view that is read. */
    table,
    /** Entity key to column, where the view is keyed by fewer keys or by columns of other names. */
    keys: z
      .record(column, column)
      .refine((keys) => Object.keys(keys).length > 0, 'names no key')
      .optional(),
    /** Column with the instant that a row speaks about. */
    timestamp: column,
    /** Column that says when a row became known; with it, `lag` is required. */
    known: column.optional(),
    /** How long after its timestamp a row may become known and still be used. */
    lag: duration.optional(),
    /** Rows loaded before this instant count as known at their own timestamp (backfilled history). */
    knownSince: z.iso.datetime({ offset: true }).optional(),
    /** How old a value may be at the row time; absent means for ever. */
    ttl: duration.optional(),
    /** How old a value may be when it is asked for online; absent means any age. */
    maxAge: span.optional(),
    /** What a look-up does with an older value: gives null, refuses, or serves it with a warning. */
    pastMaxAge: z.enum(['null', 'error', 'warn']).default('warn'),
    /** How old the newest row of the table may be at the end of a window. */
    freshness: z
      .strictObject({
        /** Maximum age of the newest row. */
        within: span,
        /** What an older table does. */
        severity: severity.default('warn'),
      })
      .optional(),
    /** The columns that are read, by the name of their feature. */
    columns: z
      .record(column, columnSchema)
      .refine((columns) => Object.keys(columns).length > 0, 'names no column'),
    /** Columns computed from those of this view alone. */
    derived: derivedSchema.optional(),
  })
  .refine((view) => view.known === undefined || view.lag !== undefined, {
    path: ['lag'],
    message: 'a view with `known` states its `lag`: how long after the timestamp its rows are loaded',
  });
