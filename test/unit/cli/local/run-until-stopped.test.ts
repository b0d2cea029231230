// Stopping several parts in order, even if some did not start.
import { expect, test } from 'vitest';
import { runUntilStopped, type Run } from '../../../../cli/local/processes/run-until-stopped.ts';

const ignore = () => undefined;

/** Emits a signal's event as Node does. A real signal would also reach the test runner. */
const signal = (name: 'SIGINT' | 'SIGTERM') => process.emit(name, name);

const partsFor = (stopped: string[]) => (name: string) => ({
  stop: async () => {
    stopped.push(name);
  },
});

test('parts stop one after the other, last started first, when a signal comes', async () => {
  const stopped: string[] = [];
  const part = partsFor(stopped);
  await runUntilStopped(async (run) => {
    await run.part('Postgres', Promise.resolve(part('Postgres')));
    await run.part('worker', Promise.resolve(part('worker')));
    signal('SIGTERM');
  }, ignore);
  expect(stopped).toEqual(['worker', 'Postgres']);
});

test('a run that ends without an error stops its parts', async () => {
  const stopped: string[] = [];
  await runUntilStopped(async (run) => {
    await run.part('Postgres', Promise.resolve(partsFor(stopped)('Postgres')));
    run.end();
  }, ignore);
  expect(stopped).toEqual(['Postgres']);
});

test('a part that becomes ready only after the signal is stopped too', async () => {
  const stopped: string[] = [];
  const part = partsFor(stopped);
  await runUntilStopped(async (run) => {
    const late = new Promise<ReturnType<typeof part>>((resolve) => {
      run.signal.addEventListener('abort', () => setImmediate(() => resolve(part('late'))));
    });
    void run.part('late', late);
    signal('SIGINT');
    run.signal.throwIfAborted();
  }, ignore);
  expect(stopped).toEqual(['late']);
});

test('if one part fails to start, the others are stopped and its error is thrown', async () => {
  const stopped: string[] = [];
  const failing = runUntilStopped(async (run) => {
    await run.part('Postgres', Promise.resolve(partsFor(stopped)('Postgres')));
    await run.part('Temporal', Promise.reject(new Error('port 7233 is in use')));
  }, ignore);
  await expect(failing).rejects.toThrow('port 7233 is in use');
  expect(stopped).toEqual(['Postgres']);
});

test('an error that a signal causes is not an error of the run', async () => {
  await runUntilStopped(async (run) => {
    signal('SIGINT');
    run.signal.throwIfAborted();
  }, ignore);
});

test('a run that fails later ends with that error', async () => {
  const stopped: string[] = [];
  const runs: Run[] = [];
  const failing = runUntilStopped(async (run) => {
    runs.push(run);
    await run.part('Postgres', Promise.resolve(partsFor(stopped)('Postgres')));
    setImmediate(() => run.fail(new Error('Postgres ended with signal SIGKILL')));
  }, ignore);
  await expect(failing).rejects.toThrow('Postgres ended with signal SIGKILL');
  expect(stopped).toEqual(['Postgres']);
});

test('a part that cannot be stopped does not prevent stopping the others, and the signal listeners are removed', async () => {
  const said: string[] = [];
  const stopped: string[] = [];
  const before = process.listenerCount('SIGINT');
  await runUntilStopped(
    async (run) => {
      await run.part('Postgres', Promise.resolve(partsFor(stopped)('Postgres')));
      await run.part('worker', Promise.resolve({ stop: () => Promise.reject(new Error('it clings')) }));
      signal('SIGINT');
      signal('SIGINT');
    },
    (line) => said.push(line),
  );
  expect(stopped).toEqual(['Postgres']);
  expect(said).toEqual([
    'SIGINT: stopping',
    'SIGINT: already stopping',
    'stopping worker',
    'worker did not stop: it clings',
    'stopping Postgres',
  ]);
  expect(process.listenerCount('SIGINT')).toBe(before);
});
