// Durations: parsing, and windows of calendar months that neither overlap nor leave gaps.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  before,
  durationOf,
  parseDuration,
  toMilliseconds,
  windowZone,
} from '../../../domain/model/parts/duration.ts';
import { instantOf, missingMidnights, wallClock } from '../../../domain/model/parts/zoned-time.ts';
import { windowEndingAt } from '../../../domain/model/window.ts';

const monthly = { every: '1 month', timezone: 'UTC' };

test.each([
  ['30 minutes', { amount: 30, unit: 'minute' }],
  ['6 hours', { amount: 6, unit: 'hour' }],
  ['45 days', { amount: 45, unit: 'day' }],
  ['2 weeks', { amount: 2, unit: 'week' }],
  ['1 month', { amount: 1, unit: 'month' }],
  ['1 year', { amount: 1, unit: 'year' }],
  ['2 years', { amount: 2, unit: 'year' }],
  [' 0 days ', { amount: 0, unit: 'day' }],
] as const)('"%s" is a duration', (text, duration) => {
  expect(parseDuration(text)).toEqual(duration);
  expect(durationOf(text)).toEqual(duration);
});

const nonsense = [
  '',
  '6',
  'hours',
  '6hours',
  '6  hours',
  '-1 days',
  '1.5 days',
  '1e3 days',
  '1 decade',
  '6 Hours',
  'P1D',
  '9999999 days',
  "1 day'; --",
];

test.each(nonsense)('"%s" is not a duration', (text) => {
  expect(parseDuration(text)).toBeUndefined();
  expect(() => durationOf(text)).toThrow(RangeError);
});

const aMonthBefore = [
  ['2024-02-29T00:00:00.000Z', '2024-01-31T00:00:00.000Z'],
  ['2023-02-28T00:00:00.000Z', '2023-01-31T00:00:00.000Z'],
  ['2024-02-28T00:00:00.000Z', '2024-01-28T00:00:00.000Z'],
  ['2024-03-31T00:00:00.000Z', '2024-02-29T00:00:00.000Z'],
  ['2023-03-31T00:00:00.000Z', '2023-02-28T00:00:00.000Z'],
  ['2024-03-30T00:00:00.000Z', '2024-02-29T00:00:00.000Z'],
  ['2024-04-30T00:00:00.000Z', '2024-03-31T00:00:00.000Z'],
  ['2024-01-31T00:00:00.000Z', '2023-12-31T00:00:00.000Z'],
  ['2024-01-15T12:34:56.789Z', '2023-12-15T12:34:56.789Z'],
  ['2024-05-01T00:00:00.000Z', '2024-04-01T00:00:00.000Z'],
  ['1900-03-31T00:00:00.000Z', '1900-02-28T00:00:00.000Z'],
  ['2000-03-31T00:00:00.000Z', '2000-02-29T00:00:00.000Z'],
] as const;

test.each(aMonthBefore)('one month before %s is %s', (instant, expected) => {
  expect(before(new Date(instant), { amount: 1, unit: 'month' }).toISOString()).toBe(expected);
});

test('several months before the last day of a month is the last day of a month', () => {
  const months = (amount: number) => before(new Date('2024-02-29Z'), { amount, unit: 'month' }).toISOString();
  expect(months(0)).toBe('2024-02-29T00:00:00.000Z');
  expect(months(12)).toBe('2023-02-28T00:00:00.000Z');
  expect(months(14)).toBe('2022-12-31T00:00:00.000Z');
  expect(before(new Date('2024-02-29Z'), durationOf('1 year')).toISOString()).toBe(months(12));
});

test('other durations have a fixed length, even across the end of a month or a leap day', () => {
  const instant = new Date('2024-03-01T06:00:00Z');
  expect(before(instant, durationOf('1 day'))).toEqual(new Date('2024-02-29T06:00:00Z'));
  expect(before(instant, durationOf('2 weeks'))).toEqual(new Date('2024-02-16T06:00:00Z'));
  expect(before(instant, durationOf('90 minutes'))).toEqual(new Date('2024-03-01T04:30:00Z'));
  expect(toMilliseconds(durationOf('2 weeks'))).toBe(14 * 86_400_000);
  expect(toMilliseconds(durationOf('2 months'))).toBe(60 * 86_400_000);
  expect(toMilliseconds(durationOf('1 year'))).toBe(365 * 86_400_000);
});

test('before does not modify the given instant', () => {
  const instant = new Date('2024-03-31Z');
  before(instant, durationOf('1 month'));
  expect(instant).toEqual(new Date('2024-03-31Z'));
});

/** Monthly runs on a fixed day of the month up to the 27th, or on the last day. */
const monthlyRuns = fc.record({
  year: fc.integer({ min: 1890, max: 2110 }),
  day: fc.oneof(fc.integer({ min: 1, max: 27 }), fc.constant('last' as const)),
  time: fc.integer({ min: 0, max: 86_399_999 }),
});

test('consecutive monthly windows neither overlap nor leave a gap, over ten years', () => {
  fc.assert(
    fc.property(monthlyRuns, ({ year, day, time }) => {
      const asOf = (month: number): Date =>
        new Date((day === 'last' ? Date.UTC(year, month + 1, 0) : Date.UTC(year, month, day)) + time);
      for (let month = 1; month <= 120; month += 1) {
        const { from, to } = windowEndingAt(asOf(month), '1 month', monthly);
        expect(from).toEqual(asOf(month - 1));
        expect(to).toEqual(asOf(month));
      }
    }),
  );
});

test('monthly windows back from any instant meet, and each is 28 to 31 days long', () => {
  const instants = fc.date({
    min: new Date('1890-01-01Z'),
    max: new Date('2110-01-01Z'),
    noInvalidDate: true,
  });
  fc.assert(
    fc.property(instants, (instant) => {
      let to = instant;
      for (let month = 0; month < 60; month += 1) {
        const window = windowEndingAt(to, '1 month', monthly);
        const days = (window.to.getTime() - window.from.getTime()) / 86_400_000;
        expect(days).toBeGreaterThanOrEqual(28);
        expect(days).toBeLessThanOrEqual(31);
        to = window.from;
      }
    }),
  );
});

const clocks = [
  // The clocks in Berlin change in spring: the day has 23 hours.
  ['Europe/Berlin', '1 day', '2027-03-28T22:00:00Z', '2027-03-27T23:00:00Z'],
  ['Europe/Berlin', '1 day', '2027-03-29T22:00:00Z', '2027-03-28T22:00:00Z'],
  // They change back in autumn: the day has 25 hours.
  ['Europe/Berlin', '1 day', '2027-10-31T23:00:00Z', '2027-10-30T22:00:00Z'],
  ['Europe/Berlin', '1 week', '2027-10-31T23:00:00Z', '2027-10-24T22:00:00Z'],
  ['Europe/Berlin', '1 month', '2027-03-31T22:00:00Z', '2027-02-28T23:00:00Z'],
  ['Europe/Berlin', '1 month', '2027-10-31T23:00:00Z', '2027-09-30T22:00:00Z'],
  ['Europe/Berlin', '1 year', '2026-12-31T23:00:00Z', '2025-12-31T23:00:00Z'],
  ['America/New_York', '1 day', '2027-03-15T04:00:00Z', '2027-03-14T05:00:00Z'],
  ['Australia/Lord_Howe', '1 day', '2027-04-04T13:30:00Z', '2027-04-03T13:00:00Z'],
  ['Asia/Kathmandu', '1 month', '2027-02-28T18:15:00Z', '2027-01-31T18:15:00Z'],
  // Clocks that change at midnight: they skip it in spring and show it twice in autumn, when the first one counts.
  ['America/Havana', '1 day', '2027-03-15T04:00:00Z', '2027-03-14T05:00:00Z'],
  ['America/Havana', '1 day', '2027-11-08T05:00:00Z', '2027-11-07T04:00:00Z'],
  // Hours have a fixed length.
  ['Europe/Berlin', '24 hours', '2027-03-28T22:00:00Z', '2027-03-27T22:00:00Z'],
] as const;

test.each(clocks)('in %s, %s before %s is %s', (zone, length, instant, expected) => {
  expect(before(new Date(instant), durationOf(length), zone)).toEqual(new Date(expected));
});

const zones = [
  'Europe/Berlin',
  'America/New_York',
  'America/Havana',
  'America/Santiago',
  'Africa/Cairo',
  'Africa/Casablanca',
  'Asia/Kolkata',
  'Atlantic/Azores',
  'Australia/Lord_Howe',
  'Pacific/Auckland',
];

test.each(zones)('daily windows that end at midnight in %s meet for more than a year', (timezone) => {
  const monitor = { every: '1 day', timezone };
  const midnight = (day: number): Date => instantOf(new Date(Date.UTC(2027, 0, day)), timezone);
  for (let day = 1; day <= 400; day += 1) {
    const { from, to } = windowEndingAt(midnight(day + 1), '1 day', monitor);
    expect([from, to]).toEqual([midnight(day), midnight(day + 1)]);
    expect(to.getTime() - from.getTime()).toBeGreaterThanOrEqual(23 * 3_600_000);
  }
});

test('converting an instant to clock time and back returns it, or the first instant if the clocks show the time twice', () => {
  const instants = fc.date({
    min: new Date('1970-01-01Z'),
    max: new Date('2100-01-01Z'),
    noInvalidDate: true,
  });
  fc.assert(
    fc.property(instants, fc.constantFrom(...zones), (instant, zone) => {
      const back = instantOf(wallClock(instant, zone), zone);
      expect(back <= instant).toBe(true);
      expect(wallClock(back, zone)).toEqual(wallClock(instant, zone));
    }),
  );
});

test('windows follow the clocks of the zone if the schedule does, and otherwise use UTC', () => {
  const zone = (every: string) => windowZone({ every, timezone: 'Europe/Berlin' });
  expect(['1 day', '1 week', '1 month', '3 months', '1 year'].map(zone)).toEqual(
    Array(5).fill('Europe/Berlin'),
  );
  expect(['6 hours', '2 days', '2 weeks', '30 minutes'].map(zone)).toEqual(Array(4).fill('UTC'));
});

test('midnights that the clocks skip are found, with the time that they show instead', () => {
  const found = (zone: string) =>
    missingMidnights(zone, 2027, 2027).map((shown) => shown.toISOString().slice(0, 16));
  expect(found('Africa/Cairo')).toEqual(['2027-04-30T01:00']);
  expect(found('America/Havana')).toEqual(['2027-03-14T01:00']);
  expect(found('America/Santiago')).toEqual(['2027-09-05T01:00']);
  expect(['UTC', 'Europe/Berlin', 'Asia/Kolkata'].flatMap(found)).toEqual([]);
});
