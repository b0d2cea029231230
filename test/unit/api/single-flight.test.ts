import { expect, it } from 'vitest';
import { singleFlight } from '../../../api/serving/single-flight.ts';

/** A task whose runs end when the test lets them. */
function controlled() {
  const ends: ((error?: Error) => void)[] = [];
  let running = 0;
  let most = 0;
  const run = singleFlight(async () => {
    running += 1;
    most = Math.max(most, running);
    const end = new Promise<void>((resolve, reject) => {
      ends.push((error) => (error ? reject(error) : resolve()));
    });
    await end.finally(() => (running -= 1));
  });
  const started = async (count: number): Promise<void> => {
    while (ends.length < count) await Promise.resolve();
  };
  return { run, ends, started, most: () => most };
}

it('calls made during a run share one further run', async () => {
  const { run, ends, started, most } = controlled();
  const first = run();
  await started(1);
  const later = [run(), run(), run()];
  ends[0]?.();
  await first;
  await started(2);
  ends[1]?.();
  await Promise.all(later);
  expect([ends.length, most()]).toEqual([2, 1]);
});

it('calls made before a run has begun share it', async () => {
  const { run, ends, started } = controlled();
  const calls = [run(), run()];
  await started(1);
  ends[0]?.();
  await Promise.all(calls);
  expect(ends).toHaveLength(1);
});

it('a failed run fails only its own callers', async () => {
  const { run, ends, started, most } = controlled();
  const first = run();
  await started(1);
  const second = run();
  ends[0]?.(new Error('lost'));
  await expect(first).rejects.toThrow('lost');
  await started(2);
  ends[1]?.();
  await expect(second).resolves.toBeUndefined();
  expect(most()).toBe(1);
});
