// Instants in the future: almost always a typing error, so they are refused unless they are meant.
import { TidegateError } from '../errors.ts';

/** Tolerated difference between the clocks of two machines, in milliseconds. */
const CLOCK_DIFFERENCE = 5 * 60_000;

/** The latest instant that does not count as the future: five minutes after `now`. */
export const latestInstant = (now = new Date()): Date => new Date(now.getTime() + CLOCK_DIFFERENCE);

/**
 * Refuses instants that lie more than five minutes in the future, unless `isMeant` is true.
 *
 * @param instants by option; undefined for an option that was not given
 * @throws TidegateError FUTURE_INSTANT naming the first of them
 * @example refuseFuture({ '--as-of': asOf }, future)
 */
export function refuseFuture(
  instants: Readonly<Record<string, Date | undefined>>,
  isMeant: boolean | undefined,
  now = new Date(),
): void {
  if (isMeant) return;
  for (const [option, instant] of Object.entries(instants)) {
    if (instant === undefined || instant <= latestInstant(now)) continue;
    throw new TidegateError(
      'FUTURE_INSTANT',
      `${option} ${instant.toISOString()} lies in the future: it is now ${now.toISOString()}`,
    );
  }
}

/**
 * Refuses an instant of which nothing is known yet: one more than five minutes in the future.
 *
 * @throws TidegateError FUTURE_INSTANT
 */
export function requirePast(name: string, instant: Date, now = new Date()): void {
  if (instant <= latestInstant(now)) return;
  throw new TidegateError(
    'FUTURE_INSTANT',
    `${name} ${instant.toISOString()} lies in the future: it is now ${now.toISOString()}`,
    { remedy: 'Name an instant that has passed; what will be in Production then is not known.' },
  );
}
