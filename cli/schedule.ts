// The Temporal Schedule of a model: when its monitor runs by itself.
import {
  type CalendarSpec,
  type Client,
  ScheduleAlreadyRunning,
  type ScheduleOptions,
  ScheduleOverlapPolicy,
  type ScheduleSpec,
} from '@temporalio/client';
import { type ModelDefinition } from '../domain/features/definition.ts';
import { type Duration, durationOf, toMilliseconds } from '../domain/features/duration.ts';
import { TidegateError } from '../domain/errors.ts';
import { type MonitorInput, searchAttributes, workflowIds, workflowTypes } from '../workflows/contracts.ts';

const MONTHS = [
  'JANUARY', 'FEBRUARY', 'MARCH', 'APRIL', 'MAY', 'JUNE',
  'JULY', 'AUGUST', 'SEPTEMBER', 'OCTOBER', 'NOVEMBER', 'DECEMBER',
] as const; // prettier-ignore

// Temporal counts intervals from 1970-01-01, a Thursday; four days later is the first Monday.
const FIRST_MONDAY = '4 days';

/**
 * When a model is monitored. Months begin on day 1, weeks on Monday, days at midnight, in the model's time zone;
 * hours, minutes, and several weeks or days at once, are intervals in UTC.
 *
 * @throws TidegateError INVALID_DEFINITION for an unknown time zone, a period of nothing, or months by which a year
 * cannot be divided
 * @example scheduleSpec({ every: '1 month', window: '1 month', timezone: 'UTC' })
 */
export function scheduleSpec({ every, timezone }: ModelDefinition['monitor']): ScheduleSpec {
  const duration = durationOf(every);
  if (duration.amount < 1) throw invalid('every', 'must be longer than nothing');
  if (!isTimezone(timezone))
    throw invalid('timezone', `"${timezone}" is not a time zone such as Europe/Berlin`);
  const calendar = (spec: CalendarSpec): ScheduleSpec => ({
    calendars: [{ hour: 0, minute: 0, second: 0, ...spec, comment: `every ${every}` }],
    timezone,
  });
  if (duration.unit === 'month') return calendar({ dayOfMonth: 1, month: monthsOf(duration) });
  if (duration.unit === 'week' && duration.amount === 1) return calendar({ dayOfWeek: 'MONDAY' });
  if (duration.unit === 'day' && duration.amount === 1) return calendar({});
  const offset = duration.unit === 'week' ? { offset: FIRST_MONDAY } : {};
  return { intervals: [{ every: toMilliseconds(duration), ...(offset as { offset?: '4 days' }) }] };
}

function monthsOf({ amount }: Duration): CalendarSpec['month'] & object {
  if (12 % amount !== 0) throw invalid('every', 'a number of months must be 1, 2, 3, 4, 6 or 12');
  return MONTHS.filter((_, index) => index % amount === 0);
}

function isTimezone(timeZone: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone }));
  } catch {
    return false;
  }
}

function invalid(field: string, problem: string): TidegateError {
  const at = `monitor.${field}`;
  return new TidegateError('INVALID_DEFINITION', `the model definition is wrong at ${at}: ${problem}`, {
    places: [{ at, problem }],
  });
}

/** The schedule of a model: one run at a time; runs missed in an outage are made up for one whole period. */
export function scheduleOptions(definition: ModelDefinition, taskQueue: string): ScheduleOptions {
  const { name: model, monitor } = definition;
  const input: MonitorInput = { model };
  return {
    scheduleId: workflowIds.monitor(model),
    spec: scheduleSpec(monitor),
    policies: {
      overlap: ScheduleOverlapPolicy.SKIP,
      catchupWindow: toMilliseconds(durationOf(monitor.every)),
    },
    action: {
      type: 'startWorkflow',
      workflowType: workflowTypes.monitor,
      workflowId: workflowIds.monitor(model),
      taskQueue,
      args: [input],
      typedSearchAttributes: [{ key: searchAttributes.model, value: model }],
      staticSummary: `Monitor ${model}, every ${monitor.every}`,
    },
    typedSearchAttributes: [{ key: searchAttributes.model, value: model }],
  };
}

/** Creates the schedule of a model, or brings it up to date; one that was paused by hand stays paused. */
export async function putSchedule(
  client: Client,
  definition: ModelDefinition,
  taskQueue: string,
): Promise<Date[]> {
  const { scheduleId, ...options } = scheduleOptions(definition, taskQueue);
  try {
    await client.schedule.create({ scheduleId, ...options });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await client.schedule.getHandle(scheduleId).update(({ state }) => ({ ...options, state }));
  }
  return nextRuns(client, definition.name);
}

/** The next times at which a model is monitored by itself, soonest first. */
async function nextRuns(client: Client, model: string): Promise<Date[]> {
  const { info } = await client.schedule.getHandle(workflowIds.monitor(model)).describe();
  return info.nextActionTimes;
}
