// The schedules of a model.
import { ScheduleOverlapPolicy } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { parseDefinition } from '../../../domain/model/define-model.ts';
import churn from '../../../models/churn.ts';
import { onlineScheduleOptions, scheduleOptions, scheduleSpec } from '../../../operations/schedule.ts';

const specOf = (every: string, timezone = 'UTC') => scheduleSpec({ every, timezone });

const midnight = { hour: 0, minute: 0, second: 0 };

describe('scheduleSpec', () => {
  it('begins months on day 1 at midnight in the model’s time zone', () => {
    const spec = specOf('1 month', 'Europe/Berlin');
    expect(spec).toMatchObject({ timezone: 'Europe/Berlin', calendars: [{ ...midnight, dayOfMonth: 1 }] });
    expect(spec.calendars?.[0]?.month).toHaveLength(12);
  });

  it('divides the year evenly by several months', () => {
    expect(specOf('3 months').calendars?.[0]?.month).toEqual(['JANUARY', 'APRIL', 'JULY', 'OCTOBER']);
    expect(specOf('12 months').calendars?.[0]?.month).toEqual(['JANUARY']);
  });

  it('begins a week on Monday and a day at midnight', () => {
    expect(specOf('1 week').calendars).toEqual([
      expect.objectContaining({ ...midnight, dayOfWeek: 'MONDAY' }),
    ]);
    const [day] = specOf('1 day', 'Asia/Tokyo').calendars ?? [];
    expect(day).toMatchObject(midnight);
    expect(day).not.toHaveProperty('dayOfWeek');
  });

  it('begins a year on 1 January', () => {
    expect(specOf('1 year').calendars).toMatchObject([{ ...midnight, dayOfMonth: 1, month: ['JANUARY'] }]);
    expect(() => specOf('2 years')).toThrow('1 year');
  });

  it('adds runs for due days on which a clock change skips midnight', () => {
    const instead = { hour: 1, minute: 0, second: 0 };
    const days = (every: string) =>
      (specOf(every, 'Africa/Cairo').calendars ?? []).slice(1).map(({ year, month, dayOfMonth, ...time }) => {
        expect(time).toMatchObject(instead);
        return `${dayOfMonth as number} ${month as string} ${year as number}`;
      });
    expect(days('1 day')).toContain('30 APRIL 2027');
    expect(days('1 day').length).toBeGreaterThan(10);
    // There the clocks change in the night before a Friday.
    expect(days('1 week')).toEqual([]);
    expect(days('1 month')).toEqual([]);
    expect(specOf('1 day', 'Europe/Berlin').calendars).toHaveLength(1);
  });

  it('uses intervals for hours, minutes, and several days', () => {
    expect(specOf('6 hours').intervals).toEqual([{ every: 6 * 3_600_000 }]);
    expect(specOf('15 minutes').intervals).toEqual([{ every: 15 * 60_000 }]);
    expect(specOf('3 days').intervals).toEqual([{ every: 3 * 86_400_000 }]);
  });

  it('counts several weeks from a Monday', () => {
    expect(specOf('2 weeks').intervals).toEqual([{ every: 14 * 86_400_000, offset: '4 days' }]);
    expect(new Date(4 * 86_400_000).getUTCDay()).toBe(1);
  });

  it.each([
    ['5 months', 'UTC', 'monitor.every'],
    ['18 months', 'UTC', 'monitor.every'],
    ['0 days', 'UTC', 'monitor.every'],
    ['0 months', 'UTC', 'monitor.every'],
    ['1 month', 'Europe/Atlantis', 'monitor.timezone'],
  ])('refuses every %s in %s and names the key', (every, timezone, at) => {
    expect(() => specOf(every, timezone)).toThrow(
      expect.objectContaining({ code: 'INVALID_DEFINITION', places: [expect.objectContaining({ at })] }),
    );
  });
});

describe('scheduleOptions', () => {
  const options = scheduleOptions(parseDefinition(churn), 'a-queue');

  it("starts the model's monitor under its workflow id, without an as-of instant", () => {
    expect(options).toMatchObject({
      scheduleId: 'monitor/churn',
      action: {
        workflowType: 'monitorWorkflow',
        workflowId: 'monitor/churn',
        taskQueue: 'a-queue',
        args: [{ model: 'churn' }],
      },
    });
  });

  it('delays a start by up to a twentieth of the period, at most ten minutes', () => {
    const jitterOf = (every: string): unknown => {
      const monitor = { ...churn.monitor, every };
      return scheduleOptions(parseDefinition({ ...churn, monitor }), 'a-queue').spec.jitter;
    };
    expect(['1 month', '1 day', '1 hour', '10 minutes'].map(jitterOf)).toEqual([
      600_000, 600_000, 180_000, 30_000,
    ]);
  });

  it('never runs two at the same time, and catches up on an outage of up to one period', () => {
    expect(options.policies).toEqual({
      overlap: ScheduleOverlapPolicy.SKIP,
      catchupWindow: 30 * 86_400_000,
    });
  });
});

describe('onlineScheduleOptions', () => {
  const withEvery = (every?: string) =>
    onlineScheduleOptions(parseDefinition({ ...churn, ...(every && { online: { every } }) }), 'a-queue');

  it('starts an incremental materialize run, one at a time, and catches up on an outage of up to one period', () => {
    expect(withEvery('1 hour')).toMatchObject({
      scheduleId: 'materialize/churn',
      spec: { intervals: [{ every: 3_600_000 }] },
      policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: 3_600_000 },
      action: {
        workflowType: 'materializeWorkflow',
        workflowId: 'materialize/churn',
        taskQueue: 'a-queue',
        args: [{ model: 'churn' }],
      },
    });
  });

  it('is undefined if the definition sets no period', () => {
    expect(withEvery()).toBeUndefined();
  });

  it('refuses a period that no calendar can express, and names the key', () => {
    expect(() => withEvery('5 months')).toThrow(
      expect.objectContaining({ places: [expect.objectContaining({ at: 'online.every' })] }),
    );
  });
});
