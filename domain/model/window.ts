// Windows: time ranges (from, to] that end at an as-of instant.
import { before, durationOf, type MonitorTimes, windowZone } from './parts/duration.ts';

/** A time range. `from` is excluded; `to`, the as-of instant, is included. */
export interface Window {
  readonly from: Date;
  readonly to: Date;
}

/** Formats the day of an instant in UTC for summaries. @example dayOf(new Date(0)) // '1970-01-01' */
export const dayOf = (instant: Date): string => instant.toISOString().slice(0, 10);

/** No window starts earlier, because the text of instants before the year 1 is not portable between programs. */
const YEAR_ONE = new Date('0001-01-01T00:00:00Z');

/**
 * Returns the window of a given length that ends at the as-of instant, in the time zone of the model (`windowZone`).
 *
 * @example windowEndingAt(new Date('2024-02-29T00:00:00Z'), '1 month', monitor) // (2024-01-31, 2024-02-29] in UTC
 */
export function windowEndingAt(asOf: Date, length: string, monitor: MonitorTimes): Window {
  const from = before(asOf, durationOf(length), windowZone(monitor));
  return { from: from < YEAR_ONE ? YEAR_ONE : from, to: asOf };
}
