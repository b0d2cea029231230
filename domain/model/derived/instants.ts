// Operators on instants: parts of the calendar, and days between two instants or since one.
import { z } from 'zod';
import { categoryOptions, numericOptions, one, operator, type OptionsIn, two } from './operator.ts';

const HOURS = Array.from({ length: 24 }, (_, hour) => String(hour).padStart(2, '0'));

/** The parts of an instant and their values, in the order of `Date`'s numbers. */
const PARTS = {
  month: ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'],
  weekday: ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'],
  hour: HOURS,
} as const satisfies Record<string, readonly string[]>;

type Part = keyof typeof PARTS;

const READ: Record<Part, (instant: Date) => number> = {
  month: (instant) => instant.getUTCMonth(),
  weekday: (instant) => instant.getUTCDay(),
  hour: (instant) => instant.getUTCHours(),
};

const calendarSchema = z.strictObject({
  operator: z.literal('calendar'),
  inputs: one,
  part: z.enum(Object.keys(PARTS) as [Part, ...Part[]]),
  ...categoryOptions,
});

/**
 * Input: an instant. Result: its month (`Jan`), weekday (`Mon`) or hour (`00` to `23`) in UTC, a category. Missing: null.
 * Out of range: null beyond the years −271821 and 275760.
 */
export const calendarOperator = operator({
  schema: calendarSchema,
  takes: ['instant'],
  missing: 'spreads',
  gives: ({ part }) => ({ type: 'category', values: PARTS[part] }),
  formula: ({ inputs: [instant], part }) => `${part} of ${instant} in UTC`,
  evaluator:
    ({ part }) =>
    (inputs) =>
      PARTS[part][READ[part](new Date(Math.floor((inputs[0] as number) / 1000)))] ?? null,
});

/** The month, weekday or hour of an instant in UTC. @example calendar('last_login_at', 'weekday') // 'Mon' */
export const calendar = (
  instant: string,
  part: Part,
  options: OptionsIn<typeof calendarSchema, 'part'> = {},
): z.output<typeof calendarSchema> => ({ operator: 'calendar', inputs: [instant], part, ...options });

const daysSinceSchema = z.strictObject({ operator: z.literal('days_since'), inputs: one, ...numericOptions });

/** Microseconds in a day of 24 hours. */
export const DAY_MICROS = 86_400_000_000;

/**
 * Input: an instant. Result: days of 24 hours from it to the row time, with their fraction; negative where it lies
 * ahead. Missing: null. Overflow: cannot happen.
 */
export const daysSinceOperator = operator({
  schema: daysSinceSchema,
  takes: ['instant'],
  missing: 'spreads',
  gives: () => ({ type: 'numeric' }),
  formula: ({ inputs: [instant] }) => `days from ${instant} to the row time`,
  evaluator: () => (inputs, rowTimeMicros) => (rowTimeMicros - (inputs[0] as number)) / DAY_MICROS,
});

/** Days from an instant to the row time. @example daysSince('signup_at') */
export const daysSince = (
  instant: string,
  options: OptionsIn<typeof daysSinceSchema> = {},
): z.output<typeof daysSinceSchema> => ({ operator: 'days_since', inputs: [instant], ...options });

const daysBetweenSchema = z.strictObject({
  operator: z.literal('days_between'),
  inputs: two,
  ...numericOptions,
});

/**
 * Inputs: two instants. Result: days of 24 hours from the first to the second, with their fraction; negative where the
 * second is earlier. Missing: null where either is. Overflow: cannot happen.
 */
export const daysBetweenOperator = operator({
  schema: daysBetweenSchema,
  takes: ['instant'],
  missing: 'spreads',
  gives: () => ({ type: 'numeric' }),
  formula: ({ inputs: [from, to] }) => `days from ${from} to ${to}`,
  evaluator: () => (inputs) => {
    const [from, to] = inputs as readonly [number, number];
    return (to - from) / DAY_MICROS;
  },
});

/** Days from one instant to another. @example daysBetween('signup_at', 'first_payment_at') */
export const daysBetween = (
  from: string,
  to: string,
  options: OptionsIn<typeof daysBetweenSchema> = {},
): z.output<typeof daysBetweenSchema> => ({ operator: 'days_between', inputs: [from, to], ...options });
