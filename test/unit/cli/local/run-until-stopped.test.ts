// Taking several parts down in order, whatever their start came to.
import { expect, test } from 'vitest';
import { runUntilStopped, type Run } from '../../../../cli/local/processes/run-until-stopped.ts';

const ignore = () => undefined;

/** Fakes a signal as Node delivers it; none is sent, as that would reach the test runner's process. */
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

test('a run that ends itself stops its parts and fails nobody', async () => {
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

test('when one part fails to start, the others stop and its error is thrown', async () => {
  const stopped: string[] = [];
  const failing = runUntilStopped(async (run) => {
    await run.part('Postgres', Promise.resolve(partsFor(stopped)('Postgres')));
    await run.part('Temporal', Promise.reject(new Error('port 7233 is in use')));
  }, ignore);
  await expect(failing).rejects.toThrow('port 7233 is in use');
  expect(stopped).toEqual(['Postgres']);
});

test('what fails because of the signal is not an error of the run', async () => {
  await runUntilStopped(async (run) => {
    signal('SIGINT');
    run.signal.throwIfAborted();
  }, ignore);
});

test('a run that is failed later ends with that error', async () => {
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

test('a part that cannot be stopped does not keep the others from it, and its signals are let go', async () => {
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
