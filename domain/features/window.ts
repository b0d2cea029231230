// A window: the rows of a time range (from, to], named by its as-of instant.
import { before, durationOf } from './duration.ts';

/** A time range; `from` is excluded, `to` is the as-of instant and included. */
export interface Window {
  readonly from: Date;
  readonly to: Date;
}

/** The day of an instant in UTC, as summaries show it. @example dayOf(new Date(0)) // '1970-01-01' */
export const dayOf = (instant: Date): string => instant.toISOString().slice(0, 10);

/**
 * The window of a given length that ends at the as-of instant.
 *
 * @example windowEndingAt(new Date('2024-02-29T00:00:00Z'), '1 month') // (2024-01-31, 2024-02-29]
 */
export const windowEndingAt = (asOf: Date, length: string): Window => ({
  from: before(asOf, durationOf(length)),
  to: asOf,
});
