// The schema of a feature view: a table, the columns that are read from it, and when its rows are known.
import { z } from 'zod';
import { derivedSchema } from '../derived/operators.ts';
import { columnSchema } from '../parts/column-schema.ts';
import { column, duration, name, severity, span, table } from '../parts/schema-parts.ts';

/** Schema of a feature view. */
export const viewSchema = z
  .strictObject({
    /** Name of a view that several models share. */
    name: name.optional(),
    /** Table or view that is read. */
    table,
    /**
     * For each entity key, the column of the table that contains it. Needed only if the table has only some of the
     * keys, or other column names.
     */
    keys: z
      .record(column, column)
      .refine((keys) => Object.keys(keys).length > 0, 'names no key')
      .optional(),
    /** Column with the instant that a row describes. */
    timestamp: column,
    /** Column with the instant at which a row became known. If it is set, `lag` is required. */
    known: column.optional(),
    /** How late the table is loaded: a row is used if it became known at most this long after the row time of the entity. */
    lag: duration.optional(),
    /** Rows loaded before this instant count as known at their own timestamp (backfilled history). */
    knownSince: z.iso.datetime({ offset: true }).optional(),
    /** How old a value may be at the row time; absent means any age. */
    ttl: duration.optional(),
    /** How old a value may be when it is looked up online; absent means any age. */
    maxAge: span.optional(),
    /**
     * What an online look-up does with a value older than `maxAge`: return null, refuse the request, or return it with
     * a warning.
     */
    pastMaxAge: z.enum(['null', 'error', 'warn']).default('warn'),
    /** How old the newest row of the table may be at the end of a window. */
    freshness: z
      .strictObject({
        /** Maximum age of the newest row. */
        within: span,
        /** What happens if the newest row is older: `fail` stops the loop, `warn` is only reported. */
        severity: severity.default('warn'),
      })
      .optional(),
    /** The columns that are read, by name. */
    columns: z
      .record(column, columnSchema)
      .refine((columns) => Object.keys(columns).length > 0, 'names no column'),
    /** Columns that are computed only from columns of this view. */
    derived: derivedSchema.optional(),
  })
  .refine((view) => view.known === undefined || view.lag !== undefined, {
    path: ['lag'],
    message: 'a view with `known` needs `lag`: how long after the timestamp its rows are loaded',
  });
