// Instants that fit a JavaScript Date: Postgres counts microseconds, a Date milliseconds.

/**
 * An expression for an instant rounded up to the millisecond, so that a window which ends there includes it. Read as
 * it is, a Date would cut the rest off and the window would end just before the row.
 *
 * @param instant an expression of type timestamptz, timestamp or date
 */
export const wholeMillisecondSql = (instant: string): string =>
  `date_trunc('milliseconds', (${instant})::timestamptz + interval '999 microseconds')`;
