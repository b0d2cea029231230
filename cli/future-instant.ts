// Instants of the future, which are usually typing errors: commands that keep what they do ask for --future.
import { Option } from 'commander';
import { TidegateError } from '../domain/errors.ts';

/** How far the clocks of two machines may differ, in milliseconds. */
const CLOCK_DIFFERENCE = 5 * 60_000;

/** The latest instant that is not of the future: five minutes after `now`. */
export const latestInstant = (now = new Date()): Date => new Date(now.getTime() + CLOCK_DIFFERENCE);

/** `--future`. */
export const futureOption = (): Option =>
  new Option('--future', 'accept an instant that lies in the future; without it, such an instant is refused');

/**
 * Refuses instants that lie more than five minutes in the future, unless they are meant.
 *
 * @param instants by the option that gave them; undefined where it was left out
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
      `${option} ${instant.toISOString()} lies in the future: it is ${now.toISOString()}`,
    );
  }
}
