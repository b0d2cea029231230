// Instants of source tables that can be used: finite ones, of years that ISO 8601 writes with four digits, and as values
// up to the last that a JavaScript Date can hold. Postgres knows more: infinity and -infinity, timestamps up to the year
// 294276 and dates up to 5874897.
import { durationOf } from '../../domain/model/parts/duration.ts';

/** The first day that no Date can hold; compared as a date, since that works for every type of time. */
const BEYOND = `date '275760-09-12'`;

/**
 * Whether an instant is one that a window can end at. An index on the column serves it.
 *
 * @param instant an expression of type timestamptz, timestamp or date
 */
export const isUsableInstantSql = (instant: string): string =>
  `${instant} > '-infinity' and ${instant} < date '10000-01-01'`;

/**
 * An instant as timestamptz, beyond reach as infinity: a cast alone fails for dates that no timestamp can hold.
 *
 * @param instant an expression of type timestamptz, timestamp or date
 */
export const instantValueSql = (instant: string): string =>
  `(case when ${instant} >= ${BEYOND} then 'infinity'::timestamptz else ${instant}::timestamptz end)`;

/**
 * Microseconds since 1970 UTC of an instant that is not beyond reach, as bigint; -infinity is the first instant that
 * Postgres knows, in 4714 BC, and so older than any age.
 */
export const microsOfInstantSql = (instant: string): string =>
  `(case when ${instant} is not null
      then extract(epoch from greatest(${instant}, '4714-11-24 00:00:00+00 BC'::timestamptz)) * 1000000 end)::bigint`;

/** An interval for a duration. @example intervalSql('45 days') // interval '45 days' */
export const intervalSql = (text: string): string => {
  const { amount, unit } = durationOf(text);
  return `interval '${amount} ${unit}s'`;
};

/**
 * An expression for an instant rounded up to the millisecond, so that a window which ends there includes it. Read as
 * it is, a Date would cut the rest off and the window would end just before the row.
 *
 * @param instant an expression of type timestamptz, timestamp or date
 */
export const wholeMillisecondSql = (instant: string): string =>
  `date_trunc('milliseconds', (${instant})::timestamptz + interval '999 microseconds')`;
