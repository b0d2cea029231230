// Converts between instants and local clock times of a time zone, using the platform's time zone data.

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'iso8601',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
    formats.set(timeZone, format);
  }
  return format;
}

/**
 * Returns the local clock time of an instant in a zone, as a Date whose UTC fields contain it.
 *
 * @param instant in the years 1 to 9999
 * @example wallClock(new Date('2024-07-01T22:00:00Z'), 'Europe/Berlin') // 2024-07-02T00:00:00Z
 */
export function wallClock(instant: Date, timeZone: string): Date {
  const parts = formatOf(timeZone).formatToParts(instant);
  const part = (type: Intl.DateTimeFormatPartTypes): number =>
    Number(parts.find((each) => each.type === type)?.value);
  const wall = new Date(0);
  wall.setUTCFullYear(part('year'), part('month') - 1, part('day'));
  const milliseconds = ((instant.getTime() % 1_000) + 1_000) % 1_000;
  wall.setUTCHours(part('hour'), part('minute'), part('second'), milliseconds);
  return wall;
}

const DAY = 86_400_000;

/**
 * Returns the instant at which the clocks of a zone show a given time. If they show it twice, returns the first instant.
 * If they skip it, returns the instant as if the clocks had not yet been changed: a time 20 minutes into the skipped
 * hour gives the instant 20 minutes after the change.
 *
 * @param wall the clock time, in the UTC fields of the Date
 * @example instantOf(new Date('2024-07-02T00:00:00Z'), 'Europe/Berlin') // 2024-07-01T22:00:00Z
 */
export function instantOf(wall: Date, timeZone: string): Date {
  const offsetAt = (time: number): number => wallClock(new Date(time), timeZone).getTime() - time;
  const time = wall.getTime();
  // The offsets a day before and after; clocks do not change twice within two days.
  const [before, after] = [offsetAt(time - DAY), offsetAt(time + DAY)];
  const shown = [time - before, time - after].filter((each) => each + offsetAt(each) === time);
  return new Date(shown.length > 0 ? Math.min(...shown) : time - before);
}

/**
 * Finds the days of some years, first and last year included, on which the clocks of a zone skip midnight because they
 * are put forward at that moment. Returns for each the first time that the clocks show instead, in the UTC fields.
 *
 * @example missingMidnights('Africa/Cairo', 2027, 2027) // [2027-04-30T01:00:00Z]
 */
export function missingMidnights(timeZone: string, fromYear: number, toYear: number): Date[] {
  const name = `${timeZone} ${fromYear} ${toYear}`;
  let found = foundMidnights.get(name);
  if (!found) foundMidnights.set(name, (found = findMissingMidnights(timeZone, fromYear, toYear)));
  return found.map((each) => new Date(each));
}

/** Every schedule of a model asks again, and a search through 20 years takes a tenth of a second. */
const foundMidnights = new Map<string, readonly Date[]>();

function findMissingMidnights(timeZone: string, fromYear: number, toYear: number): Date[] {
  const found: Date[] = [];
  const offsetAt = (time: number): number => wallClock(new Date(time), timeZone).getTime() - time;
  let offset = offsetAt(Date.UTC(fromYear, 0, 1) - 2 * DAY);
  for (let day = Date.UTC(fromYear, 0, 1) - DAY; day < Date.UTC(toYear + 1, 0, 2); day += DAY) {
    const now = offsetAt(day);
    if (now === offset) continue;
    offset = now;
    // The clocks changed within the last day, so one of the midnights around it may be skipped.
    for (const midnight of [day - DAY, day, day + DAY]) {
      const shown = wallClock(instantOf(new Date(midnight), timeZone), timeZone);
      if (shown.getTime() !== midnight) found.push(shown);
    }
  }
  return found;
}
