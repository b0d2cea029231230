// The Temporal schedules of a model: one monitors it, one brings its online rows up to date.
import {
  type CalendarSpec,
  type Client,
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  type ScheduleOptions,
  ScheduleOverlapPolicy,
  type ScheduleSpec,
} from '@temporalio/client';
import { type ModelDefinition, onlineEvery } from '../domain/model/definition.ts';
import { type Duration, durationOf, toMilliseconds } from '../domain/model/parts/duration.ts';
import { missingMidnights } from '../domain/model/parts/zoned-time.ts';
import { type Installation } from '../store/registry/installation.ts';
import { installationMemo } from '../worker/installation-memo.ts';
import { refuseForeignSchedule } from '../worker/schedule-owners.ts';
import { TidegateError } from '../domain/errors.ts';
import {
  type MaterializeInput,
  type MonitorInput,
  searchAttributes,
  workflowIds,
  workflowTypes,
} from '../workflows/protocol/messages.ts';

const MONTHS = [
  'JANUARY', 'FEBRUARY', 'MARCH', 'APRIL', 'MAY', 'JUNE',
  'JULY', 'AUGUST', 'SEPTEMBER', 'OCTOBER', 'NOVEMBER', 'DECEMBER',
] as const; // prettier-ignore

// Temporal counts intervals from 1970-01-01, a Thursday; four days later is the first Monday.
const FIRST_MONDAY = '4 days';

/**
 * Returns when a schedule runs. A period of months starts on day 1, a period of one week on Monday, and a period of one day at
 * midnight, all in the model's time zone. Periods of minutes, hours, several days or several weeks are intervals in UTC.
 *
 * @param at key of the definition that sets the period, for errors
 * @throws TidegateError INVALID_DEFINITION for an unknown time zone, a period of zero, or a number of months that does not
 * divide a year
 * @example scheduleSpec({ every: '1 month', window: '1 month', timezone: 'UTC' })
 */
export function scheduleSpec(
  { every, timezone }: Pick<ModelDefinition['monitor'], 'every' | 'timezone'>,
  at = 'monitor',
): ScheduleSpec {
  const duration = durationOf(every);
  if (duration.amount < 1) throw invalid(`${at}.every`, 'must be longer than zero');
  if (!isTimezone(timezone))
    throw invalid('monitor.timezone', `"${timezone}" is not a time zone such as Europe/Berlin`);
  const calendar = (spec: CalendarSpec, isDue: (day: Date) => boolean): ScheduleSpec => ({
    calendars: [
      { hour: 0, minute: 0, second: 0, ...spec, comment: `every ${every}` },
      ...replacedMidnights(timezone, isDue),
    ],
    timezone,
  });
  if (duration.unit === 'month' || duration.unit === 'year')
    return calendar({ dayOfMonth: 1, month: monthsOf(duration, at) }, (day) => {
      const months = duration.unit === 'year' ? 12 : duration.amount;
      return day.getUTCDate() === 1 && day.getUTCMonth() % months === 0;
    });
  if (duration.unit === 'week' && duration.amount === 1)
    return calendar({ dayOfWeek: 'MONDAY' }, (day) => day.getUTCDay() === 1);
  if (duration.unit === 'day' && duration.amount === 1) return calendar({}, () => true);
  const offset = duration.unit === 'week' ? { offset: FIRST_MONDAY } : {};
  return { intervals: [{ every: toMilliseconds(duration), ...(offset as { offset?: '4 days' }) }] };
}

/** For how many years ahead to add runs on days without a midnight. */
const YEARS_AHEAD = 20;

/**
 * Adds a run for each midnight that the time zone's clock change skips. It runs at the first local time that exists on that
 * day, which is the instant that midnight would have been. Temporal starts nothing at a time that does not exist, so that day
 * would never be measured.
 */
function replacedMidnights(timezone: string, isDue: (day: Date) => boolean): CalendarSpec[] {
  const year = new Date().getUTCFullYear();
  return missingMidnights(timezone, year, year + YEARS_AHEAD)
    .filter(isDue)
    .map((shown) => ({
      year: shown.getUTCFullYear(),
      month: MONTHS[shown.getUTCMonth()] ?? 'JANUARY',
      dayOfMonth: shown.getUTCDate(),
      hour: shown.getUTCHours(),
      minute: shown.getUTCMinutes(),
      second: 0,
      comment: 'midnight does not exist on this day',
    }));
}

function monthsOf({ amount: count, unit }: Duration, at: string): CalendarSpec['month'] & object {
  const amount = unit === 'year' ? 12 * count : count;
  if (12 % amount !== 0) throw invalid(`${at}.every`, 'must be 1, 2, 3, 4, 6 or 12 months, or 1 year');
  return MONTHS.filter((_, index) => index % amount === 0);
}

function isTimezone(timeZone: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone }));
  } catch {
    return false;
  }
}

function invalid(at: string, problem: string): TidegateError {
  return new TidegateError('INVALID_DEFINITION', `the model definition is wrong at ${at}: ${problem}`, {
    places: [{ at, problem }],
  });
}

/** The schedule that monitors a model: one run at a time; runs missed during an outage are caught up for one period. */
export function scheduleOptions(definition: ModelDefinition, taskQueue: string): ScheduleOptions {
  const { name: model, monitor } = definition;
  const input: MonitorInput = { model };
  return optionsOf(model, monitor.every, scheduleSpec(monitor), {
    workflowType: workflowTypes.monitor,
    workflowId: workflowIds.monitor(model),
    taskQueue,
    args: [input],
    staticSummary: `Monitor ${model}, every ${monitor.every}`,
  });
}

/** The schedule that brings online rows up to date, with the policies of the one above; undefined if no period is set. */
export function onlineScheduleOptions(
  definition: ModelDefinition,
  taskQueue: string,
): ScheduleOptions | undefined {
  const { name: model, monitor } = definition;
  const every = onlineEvery(definition);
  if (every === undefined) return undefined;
  const input: MaterializeInput = { model };
  const spec = scheduleSpec({ every, timezone: monitor.timezone }, 'online');
  return optionsOf(model, every, spec, {
    workflowType: workflowTypes.materialize,
    workflowId: workflowIds.materialize(model),
    taskQueue,
    args: [input],
    staticSummary: `Materialize ${model}, every ${every}`,
  });
}

type Action = Omit<ScheduleOptions['action'], 'type' | 'typedSearchAttributes'> & {
  readonly workflowId: string;
};

function optionsOf(model: string, every: string, spec: ScheduleSpec, action: Action): ScheduleOptions {
  const typedSearchAttributes = [{ key: searchAttributes.model, value: model }];
  return {
    scheduleId: action.workflowId,
    spec: { ...spec, jitter: jitterOf(every) },
    policies: {
      overlap: ScheduleOverlapPolicy.SKIP,
      catchupWindow: toMilliseconds(durationOf(every)),
    },
    action: { type: 'startWorkflow', ...action, typedSearchAttributes },
    typedSearchAttributes,
  };
}

/**
 * The maximum random delay of a run, in milliseconds: a twentieth of the period, at most ten minutes. It keeps many models
 * from all starting at midnight. The as-of instant of a run is its scheduled time without the delay.
 */
const jitterOf = (every: string): number =>
  Math.min(MAX_JITTER_MS, Math.floor(toMilliseconds(durationOf(every)) / 20));

const MAX_JITTER_MS = 600_000;

/**
 * Creates a schedule with the id of an installation, or updates it. A schedule that was paused by hand stays paused.
 *
 * @param owned whether a schedule without an installation id, created by an earlier release, belongs to this installation
 * @returns its next run times, soonest first
 * @throws TidegateError FOREIGN_INSTALLATION if it belongs to another installation; then it is not changed
 */
export async function putSchedule(
  client: Client,
  { scheduleId, ...options }: ScheduleOptions,
  installation: Installation,
  owned = true,
): Promise<Date[]> {
  const handle = client.schedule.getHandle(scheduleId);
  const memo = installationMemo(installation);
  const carrying = { ...options, action: { ...options.action, memo } };
  try {
    await client.schedule.create({ scheduleId, ...carrying, memo });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await handle.update((found) => {
      refuseForeignSchedule(found, installation, owned);
      return { ...carrying, state: found.state };
    });
  }
  return (await handle.describe()).info.nextActionTimes;
}

/** Deletes a schedule, if it exists. */
export async function removeSchedule(client: Client, scheduleId: string): Promise<void> {
  try {
    await client.schedule.getHandle(scheduleId).delete();
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
  }
}
