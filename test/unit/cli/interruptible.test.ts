// Work that a signal interrupts.
import { expect, test } from 'vitest';
import { interruptible } from '../../../cli/shared/interruptible.ts';

/** Ends only when its signal is aborted. */
const endless = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
  );

test('a signal aborts the work, and the signal listeners are removed afterwards', async () => {
  const before = process.listenerCount('SIGHUP');
  const working = interruptible(endless);
  expect(process.listenerCount('SIGHUP')).toBe(before + 1);
  process.emit('SIGHUP', 'SIGHUP');
  await expect(working).resolves.toBeUndefined();
  expect(process.listenerCount('SIGHUP')).toBe(before);
});

test('the result and the errors of the work are passed on', async () => {
  await expect(interruptible(() => Promise.resolve(7))).resolves.toBe(7);
  await expect(interruptible(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(process.listenerCount('SIGHUP')).toBe(0);
});
