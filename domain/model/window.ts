// A window: the rows of a time range (from, to], named by its as-of instant.
import { before, durationOf, type MonitorTimes, windowZone } from './parts/duration.ts';

/** A time range; `from` is excluded, `to` is the as-of instant and included. */
export interface Window {
  readonly from: Date;
  readonly to: Date;
}

/** The day of an instant in UTC, as summaries show it. @example dayOf(new Date(0)) // '1970-01-01' */
export const dayOf = (instant: Date): string => instant.toISOString().slice(0, 10);

/** No window reaches further back: instants before the year 1 are written in a way that is not read alike everywhere. */
const YEAR_ONE = new Date('0001-01-01T00:00:00Z');

/**
 * The window of a given length that ends at the as-of instant, counted in the time zone of the model (`windowZone`).
 *
 * @example windowEndingAt(new Date('2024-02-29T00:00:00Z'), '1 month', monitor) // (2024-01-31, 2024-02-29] in UTC
 */
export function windowEndingAt(asOf: Date, length: string, monitor: MonitorTimes): Window {
  const from = before(asOf, durationOf(length), windowZone(monitor));
  return { from: from < YEAR_ONE ? YEAR_ONE : from, to: asOf };
}
