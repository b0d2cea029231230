// Durations as people write them: "6 hours", "45 days", "1 month", "1 year".
import { instantOf, wallClock } from './zoned-time.ts';

type Unit = 'minute' | 'hour' | 'day' | 'week' | 'month' | 'year';

const MILLISECONDS: Record<Exclude<Unit, 'month' | 'year'>, number> = {
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
};

/** A duration in one unit. Months and years are calendar months and years; all other units have a fixed length. */
export interface Duration {
  readonly amount: number;
  readonly unit: Unit;
}

/**
 * Parses a duration; returns undefined if the text is not a duration.
 *
 * @example parseDuration('45 days') // { amount: 45, unit: 'day' }
 */
export function parseDuration(text: string): Duration | undefined {
  const match = /^(\d{1,6}) (minute|hour|day|week|month|year)s?$/.exec(text.trim());
  if (!match) return undefined;
  return { amount: Number(match[1]), unit: match[2] as Unit };
}

/** Parses a duration that was already checked. @throws RangeError if the text is not a duration */
export function durationOf(text: string): Duration {
  const duration = parseDuration(text);
  if (!duration) throw new RangeError(`"${text}" is not a duration`);
  return duration;
}

const lastDayOfMonth = (year: number, month: number): number =>
  new Date(Date.UTC(year, month + 1, 0)).getUTCDate();

/**
 * Returns the instant one duration before `instant`.
 *
 * Months keep the day of the month, but the last day of a month stays the last day: one month before 29 February is
 * 31 January, so month-end windows meet without overlap. A year is twelve months. Monthly windows that end on a fixed
 * day always meet if that day is at most the 27th, or is always the last. The 28th to 30th may be the last day of a short
 * month, and then count as the end of the month.
 *
 * In a time zone, days, weeks, months and years keep the local clock time, so a day has 23 or 25 hours when the clocks
 * change, and windows that end at midnight still meet. Minutes and hours have a fixed length in every zone.
 *
 * @param timeZone @default 'UTC', where every day has 24 hours
 * @example before(new Date('2024-02-29T00:00:00Z'), { amount: 1, unit: 'month' }) // 2024-01-31T00:00:00Z
 */
export function before(instant: Date, duration: Duration, timeZone = 'UTC'): Date {
  const isOfClocks = duration.unit !== 'minute' && duration.unit !== 'hour';
  if (timeZone === 'UTC' || !isOfClocks) return beforeInUtc(instant, duration);
  // The clock time just before the instant, plus 1 ms: for a midnight that the clocks skip, this gives midnight and not
  // the later time to which they jump.
  const wall = new Date(wallClock(new Date(instant.getTime() - 1), timeZone).getTime() + 1);
  return instantOf(beforeInUtc(wall, duration), timeZone);
}

function beforeInUtc(instant: Date, duration: Duration): Date {
  if (duration.unit !== 'month' && duration.unit !== 'year')
    return new Date(instant.getTime() - toMilliseconds(duration));
  const months = duration.unit === 'year' ? 12 * duration.amount : duration.amount;
  const year = instant.getUTCFullYear();
  const month = instant.getUTCMonth();
  const day = instant.getUTCDate();
  const target = new Date(Date.UTC(year, month - months, 1));
  const lastOfTarget = lastDayOfMonth(target.getUTCFullYear(), target.getUTCMonth());
  const atMonthEnd = day === lastDayOfMonth(year, month);
  const shifted = new Date(instant);
  shifted.setUTCFullYear(
    target.getUTCFullYear(),
    target.getUTCMonth(),
    atMonthEnd ? lastOfTarget : Math.min(day, lastOfTarget),
  );
  return shifted;
}

/** Returns the length in milliseconds. A month counts as 30 days and a year as 365: use it for deadlines, not for windows. */
export function toMilliseconds({ amount, unit }: Duration): number {
  if (unit === 'month') return amount * 30 * MILLISECONDS.day;
  if (unit === 'year') return amount * 365 * MILLISECONDS.day;
  return amount * MILLISECONDS[unit];
}

/** The settings of `monitor` on which windows depend. */
export interface MonitorTimes {
  readonly every: string;
  readonly timezone: string;
}

/**
 * Returns the time zone in which the windows of a model are computed: its own if its schedule follows the local clocks
 * (every day, week, month or year), otherwise UTC, because its runs are then a fixed length of time apart.
 */
export function windowZone({ every, timezone }: MonitorTimes): string {
  const { amount, unit } = durationOf(every);
  const followsClocks =
    unit === 'month' || unit === 'year' || (amount === 1 && (unit === 'day' || unit === 'week'));
  return followsClocks ? timezone : 'UTC';
}
