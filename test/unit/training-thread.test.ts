import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { runThread, type ThreadControl } from '../../activities/training/run-thread.ts';
import { failureOf, type ThreadMessage } from '../../activities/training/thread-message.ts';
import { trainInThread } from '../../activities/training/train-in-thread.ts';
import { TidegateError } from '../../domain/errors.ts';
import { trainerNamed } from '../../domain/learning/trainers.ts';
import { eventually } from '../helpers/eventually.ts';
import { allRows, signalFrame } from './learning/labelled-frame.ts';

const threadFile = (name: string): URL => new URL(`./learning/threads/${name}.mjs`, import.meta.url);
const follow = (control: Partial<ThreadControl> = {}): ThreadControl => ({
  signal: new AbortController().signal,
  onProgress: () => undefined,
  ...control,
});
const echo = (messages: readonly ThreadMessage[], control?: Partial<ThreadControl>): Promise<unknown> =>
  runThread(threadFile('echo'), messages, follow(control));
const refusalOf = async (running: Promise<unknown>): Promise<TidegateError> => {
  const error = await running.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  expect(error).toBeInstanceOf(TidegateError);
  return error as TidegateError;
};
/** What a spinning thread counts in, and whether it still does after many turns of this thread's loop. */
const spinning = () => {
  const counter = new Int32Array(new SharedArrayBuffer(4));
  const runs = async (): Promise<boolean> => {
    const before = Atomics.load(counter, 0);
    for (let turns = 0; turns < 1_000; turns += 1) await turn();
    return Atomics.load(counter, 0) !== before;
  };
  return { counter, runs };
};

const frame = signalFrame(2_000);
const input = { frame, rows: allRows(frame), trainer: 'logistic-regression', options: { seed: 7 } };

describe('training in a thread', () => {
  test('gives the bytes that the trainer gives here', async () => {
    const artifact = await trainInThread(input, follow());
    const { trainer, ...task } = input;
    expect(JSON.stringify(artifact)).toBe(JSON.stringify(trainerNamed(trainer).fit(task)));
  });

  test('tells its progress and leaves the loop of the caller free meanwhile', async () => {
    const told: number[] = [];
    let turnsSinceBegun = 0;
    let done = false;
    const large = signalFrame(20_000);
    const training = trainInThread(
      { ...input, frame: large, rows: allRows(large) },
      follow({ onProgress: (fraction) => told.push(fraction) }),
    ).finally(() => (done = true));
    while (!done) {
      await turn();
      if (told.length > 0) turnsSinceBegun += 1;
    }
    await training;
    expect(turnsSinceBegun).toBeGreaterThan(50);
    expect(told.at(-1)).toBe(1);
    expect(told).toEqual([...told].sort((a, b) => a - b));
  });

  test('refuses with the code and the words of the trainer', async () => {
    const labels = frame.labels.map(() => 1);
    const error = await refusalOf(trainInThread({ ...input, frame: { ...frame, labels } }, follow()));
    expect(error.code).toBe('ONE_CLASS');
    expect(error.message).toContain('all 2000 training rows are positive');
    expect(error.retryable).toBe(false);
  });

  test('refuses a trainer that nobody knows', async () => {
    const error = await refusalOf(trainInThread({ ...input, trainer: 'oracle' }, follow()));
    expect(error.code).toBe('INVALID_DEFINITION');
  });

  test('stops when it is aborted while training, with the reason of the signal', async () => {
    const controller = new AbortController();
    const reason = new Error('cancelled from outside');
    const onProgress = (): void => controller.abort(reason);
    await expect(trainInThread(input, follow({ signal: controller.signal, onProgress }))).rejects.toBe(
      reason,
    );
  });
});

describe('a thread', () => {
  test('has ended when an abort rejects, however busy it was', async () => {
    const { counter, runs } = spinning();
    const controller = new AbortController();
    const reason = new Error('enough');
    let begun = (): void => undefined;
    const hasBegun = new Promise<void>((resolve) => (begun = resolve));
    const running = runThread(
      threadFile('spin'),
      { counter },
      follow({ signal: controller.signal, onProgress: begun }),
    );
    await hasBegun;
    await eventually(async () => expect(await runs()).toBe(true));
    controller.abort(reason);
    await expect(running).rejects.toBe(reason);
    expect(await runs()).toBe(false);
  });

  test('is not started when the signal has been aborted before', async () => {
    const { counter } = spinning();
    const reason = new Error('too late');
    const running = runThread(threadFile('spin'), { counter }, follow({ signal: AbortSignal.abort(reason) }));
    await expect(running).rejects.toBe(reason);
    expect(Atomics.load(counter, 0)).toBe(0);
  });

  test('is ended by an error of the one who follows its progress', async () => {
    const { counter, runs } = spinning();
    const reason = new Error('nobody listens');
    const onProgress = (): never => {
      throw reason;
    };
    await expect(runThread(threadFile('spin'), { counter }, follow({ onProgress }))).rejects.toBe(reason);
    expect(await runs()).toBe(false);
  });

  test('that dies without a word is TRAINING_THREAD_FAILED, which may be tried again', async () => {
    const error = await refusalOf(runThread(threadFile('exit'), null, follow()));
    expect(error.code).toBe('TRAINING_THREAD_FAILED');
    expect(error.message).toContain('code 3');
    expect(error.retryable).toBe(true);
  });

  test('that throws is TRAINING_THREAD_FAILED with the cause', async () => {
    const error = await refusalOf(runThread(threadFile('throw'), null, follow()));
    expect(error.code).toBe('TRAINING_THREAD_FAILED');
    expect(error.cause).toMatchObject({ message: 'the thread broke' });
  });

  test('that cannot be found is TRAINING_THREAD_FAILED', async () => {
    const error = await refusalOf(runThread(threadFile('absent'), null, follow()));
    expect(error.code).toBe('TRAINING_THREAD_FAILED');
  });

  test('carries an error of the table whole: code, words, remedy, places', async () => {
    const places = [{ at: 'x', problem: 'leaks' }];
    const sent = new TidegateError('NOT_CONVERGED', 'it went on and on', { remedy: 'drop x', places });
    const error = await refusalOf(echo([failureOf(sent)]));
    expect(error).toMatchObject({
      code: 'NOT_CONVERGED',
      message: 'it went on and on',
      remedy: 'drop x',
      places,
    });
  });

  test('carries any other error as the cause of TRAINING_THREAD_FAILED', async () => {
    const error = await refusalOf(echo([failureOf(new RangeError('out of range'))]));
    expect(error.code).toBe('TRAINING_THREAD_FAILED');
    expect(error.cause).toMatchObject({ message: 'out of range' });
  });

  test('reports progress in the async context of its caller, where an activity has its heartbeat', async () => {
    const context = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const messages: ThreadMessage[] = [
      { kind: 'progress', fraction: 0.25 },
      { kind: 'done', result: 'result' },
    ];
    const result = await context.run('the activity', () =>
      echo(messages, { onProgress: (fraction) => seen.push([fraction, context.getStore()]) }),
    );
    expect(result).toBe('result');
    expect(seen).toEqual([[0.25, 'the activity']]);
  });
});
