// Waits until a condition is met, by polling up to a deadline.
import { setTimeout as delay } from 'node:timers/promises';

/** How long and how often to poll, in milliseconds. */
export interface EventuallyOptions {
  /** @default 30_000 */
  readonly within?: number;
  /** @default 50 */
  readonly every?: number;
}

/**
 * Calls `attempt` until it does not throw, and returns its result.
 *
 * @throws Error with the last failure of `attempt` if the deadline has passed
 * @example await eventually(async () => expect(await rows()).toHaveLength(3));
 */
export const eventually = async <T>(
  attempt: () => Promise<T> | T,
  { within = 30_000, every = 50 }: EventuallyOptions = {},
): Promise<T> => {
  const deadline = performance.now() + within;
  for (;;) {
    try {
      return await attempt();
    } catch (cause) {
      if (performance.now() > deadline) {
        throw new Error(`still failing after ${within} ms: ${(cause as Error).message}`, { cause });
      }
    }
    await delay(every);
  }
};
