// Conditions and conversions for instants of source tables. Postgres allows infinity and -infinity, timestamps up to the
// year 294276 and dates up to 5874897. A row time must be finite and its year must have at most four digits, as in ISO
// 8601; other values must fit into a JavaScript Date.
import { durationOf } from '../../domain/model/parts/duration.ts';

/** The first day beyond the range of Date. It is a date because every type of time can be compared with a date. */
const BEYOND = `date '275760-09-12'`;

/**
 * Builds the condition that an instant can be the end of a window. An index on the column can be used for it.
 *
 * @param instant an expression of type timestamptz, timestamp or date
 */
export const isUsableInstantSql = (instant: string): string =>
  `${instant} > '-infinity' and ${instant} < date '10000-01-01'`;

/**
 * Converts an instant to timestamptz, and to infinity if it is beyond the range of Date. A plain cast would fail for dates
 * beyond the range of timestamps.
 *
 * @param instant an expression of type timestamptz, timestamp or date
 */
export const instantValueSql = (instant: string): string =>
  `(case when ${instant} >= ${BEYOND} then 'infinity'::timestamptz else ${instant}::timestamptz end)`;

/**
 * Converts an instant within the range of Date to microseconds since 1970 UTC, as bigint; -infinity becomes the earliest
 * instant of Postgres, in 4714 BC, and so counts as older than any maximum age.
 */
export const microsOfInstantSql = (instant: string): string =>
  `(case when ${instant} is not null
      then extract(epoch from greatest(${instant}, '4714-11-24 00:00:00+00 BC'::timestamptz)) * 1000000 end)::bigint`;

/** Converts a duration to an interval. @example intervalSql('45 days') // interval '45 days' */
export const intervalSql = (text: string): string => {
  const { amount, unit } = durationOf(text);
  return `interval '${amount} ${unit}s'`;
};

/**
 * Rounds an instant up to the millisecond, so that a window which ends there includes it. Otherwise a Date would drop the
 * microseconds, and the window would end just before the row.
 *
 * @param instant an expression of type timestamptz, timestamp or date
 */
export const wholeMillisecondSql = (instant: string): string =>
  `date_trunc('milliseconds', (${instant})::timestamptz + interval '999 microseconds')`;
