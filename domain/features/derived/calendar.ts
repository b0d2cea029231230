// calendar: the month, weekday or hour of an instant, as a category.
import { z } from 'zod';
import { operator } from './operator.ts';
import { categoryOptions, one, type OptionsIn } from './options.ts';

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

const schema = z.strictObject({
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
  schema,
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
  options: OptionsIn<typeof schema, 'part'> = {},
): z.output<typeof schema> => ({ operator: 'calendar', inputs: [instant], part, ...options });
