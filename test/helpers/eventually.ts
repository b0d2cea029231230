// Waits for something to become true, by looking often, up to a deadline.
import { setTimeout as delay } from 'node:timers/promises';

/** How long and how often to look, in milliseconds. */
export interface EventuallyOptions {
  /** @default 30_000 */
  readonly within?: number;
  /** @default 50 */
  readonly every?: number;
}

/**
 * Calls `look` until it returns without throwing, and gives what it returned.
 *
 * @throws Error with the last failure of `look` when the deadline has passed
 * @example await eventually(async () => expect(await rows()).toHaveLength(3));
 */
export const eventually = async <T>(
  look: () => Promise<T> | T,
  { within = 30_000, every = 50 }: EventuallyOptions = {},
): Promise<T> => {
  const deadline = performance.now() + within;
  for (;;) {
    try {
      return await look();
    } catch (cause) {
      if (performance.now() > deadline) {
        throw new Error(`not so within ${within} ms: ${(cause as Error).message}`, { cause });
      }
    }
    await delay(every);
  }
};
