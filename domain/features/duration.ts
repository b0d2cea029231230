// Durations as people write them: "6 hours", "45 days", "1 month".

type Unit = 'minute' | 'hour' | 'day' | 'week' | 'month';

const MILLISECONDS: Record<Exclude<Unit, 'month'>, number> = {
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
};

/** A duration in one unit. Months are calendar months, all others are fixed lengths of time. */
export interface Duration {
  readonly amount: number;
  readonly unit: Unit;
}

/**
 * Reads a duration; `undefined` where the text is none.
 *
 * @example parseDuration('45 days') // { amount: 45, unit: 'day' }
 */
export function parseDuration(text: string): Duration | undefined {
  const match = /^(\d{1,6}) (minute|hour|day|week|month)s?$/.exec(text.trim());
  if (!match) return undefined;
  return { amount: Number(match[1]), unit: match[2] as Unit };
}

/** Reads a duration that a definition has already been checked to hold. @throws RangeError otherwise */
export function durationOf(text: string): Duration {
  const duration = parseDuration(text);
  if (!duration) throw new RangeError(`"${text}" is not a duration`);
  return duration;
}

const lastDayOfMonth = (year: number, month: number): number =>
  new Date(Date.UTC(year, month + 1, 0)).getUTCDate();

/**
 * The instant one duration before `instant`, in UTC.
 *
 * Months keep the day, and the last day of a month stays a last day: one month before 29 February is
 * 31 January, so that month-end windows meet without overlap.
 * Windows that end monthly on one day always meet where that is a day up to the 27th, or the last; of the 28th to 30th
 * some are the end of a short month and are taken for that.
 *
 * @example before(new Date('2024-02-29T00:00:00Z'), { amount: 1, unit: 'month' }) // 2024-01-31T00:00:00Z
 */
export function before(instant: Date, duration: Duration): Date {
  if (duration.unit !== 'month') return new Date(instant.getTime() - toMilliseconds(duration));
  const year = instant.getUTCFullYear();
  const month = instant.getUTCMonth();
  const day = instant.getUTCDate();
  const target = new Date(Date.UTC(year, month - duration.amount, 1));
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

/** Length in milliseconds; a month counts as 30 days, so use this for deadlines and not for windows. */
export function toMilliseconds(duration: Duration): number {
  if (duration.unit === 'month') return duration.amount * 30 * MILLISECONDS.day;
  return duration.amount * MILLISECONDS[duration.unit];
}
