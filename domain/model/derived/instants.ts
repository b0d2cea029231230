// Operators on instants: month, weekday or hour, and days between two instants or since one.
import { z } from 'zod';
import { categoryOptions, numericOptions, one, operator, type OptionsIn, two } from './operator.ts';

const HOURS = Array.from({ length: 24 }, (_, hour) => String(hour).padStart(2, '0'));

/**
 * The calendar parts that can be extracted from an instant, each with its values in the order in which `Date` numbers
 * them.
 */
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
  /** Which part of the instant: `month`, `weekday` or `hour`, in UTC. */
  part: z.enum(Object.keys(PARTS) as [Part, ...Part[]]),
  ...categoryOptions,
});

/**
 * Input: an instant. Result: its month (`Jan`), weekday (`Mon`) or hour (`00` to `23`) in UTC, as a category. Missing:
 * null. Out of range: null before the year −271821 and after 275760.
 */
export const calendarOperator = operator({
  schema: calendarSchema,
  accepts: ['instant'],
  missing: 'propagates',
  resultType: ({ part }) => ({ type: 'category', values: PARTS[part] }),
  formula: ({ inputs: [instant], part }) => `${part} of ${instant} in UTC`,
  evaluator:
    ({ part }) =>
    (inputs) =>
      PARTS[part][READ[part](new Date(Math.floor((inputs[0] as number) / 1000)))] ?? null,
});

/** Extracts the month, weekday or hour of an instant in UTC. @example calendar('last_login_at', 'weekday') // 'Mon' */
export const calendar = (
  instant: string,
  part: Part,
  options: OptionsIn<typeof calendarSchema, 'part'> = {},
): z.output<typeof calendarSchema> => ({ operator: 'calendar', inputs: [instant], part, ...options });

const daysSinceSchema = z.strictObject({ operator: z.literal('days_since'), inputs: one, ...numericOptions });

/** Microseconds in a day of 24 hours. */
export const DAY_MICROS = 86_400_000_000;

/**
 * Input: an instant. Result: days of 24 hours from it to the row time, with fractions; negative if the instant is after
 * the row time. Missing: null. Overflow: cannot happen.
 */
export const daysSinceOperator = operator({
  schema: daysSinceSchema,
  accepts: ['instant'],
  missing: 'propagates',
  resultType: () => ({ type: 'numeric' }),
  formula: ({ inputs: [instant] }) => `days from ${instant} to the row time`,
  evaluator: () => (inputs, rowTimeMicros) => (rowTimeMicros - (inputs[0] as number)) / DAY_MICROS,
});

/** Counts the days from an instant to the row time. @example daysSince('signup_at') */
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
 * Inputs: two instants. Result: days of 24 hours from the first to the second, with fractions; negative if the second is
 * earlier. Missing: null if either is missing. Overflow: cannot happen.
 */
export const daysBetweenOperator = operator({
  schema: daysBetweenSchema,
  accepts: ['instant'],
  missing: 'propagates',
  resultType: () => ({ type: 'numeric' }),
  formula: ({ inputs: [from, to] }) => `days from ${from} to ${to}`,
  evaluator: () => (inputs) => {
    const [from, to] = inputs as readonly [number, number];
    return (to - from) / DAY_MICROS;
  },
});

/** Counts the days from one instant to another. @example daysBetween('signup_at', 'first_payment_at') */
export const daysBetween = (
  from: string,
  to: string,
  options: OptionsIn<typeof daysBetweenSchema> = {},
): z.output<typeof daysBetweenSchema> => ({ operator: 'days_between', inputs: [from, to], ...options });
