// The pool of threads: reuse, limits, aborts and errors.
import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { failureOf, type ThreadMessage } from '../../../activities/compute/message.ts';
import { type ComputeControl, ComputePool } from '../../../activities/compute/pool.ts';
import { TidegateError } from '../../../domain/errors.ts';
import { eventually } from '../../helpers/eventually.ts';

const poolOf = (name: string, size = 1, idleMs = 10_000): ComputePool =>
  new ComputePool({ entry: new URL(`./threads/${name}.mjs`, import.meta.url), size, idleMs });
const follow = (control: Partial<ComputeControl> = {}): ComputeControl => ({
  signal: new AbortController().signal,
  onProgress: () => undefined,
  ...control,
});
const done = (result: unknown): ThreadMessage => ({ kind: 'done', result });
const refusalOf = async (running: Promise<unknown>): Promise<TidegateError> => {
  const error = await running.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  expect(error).toBeInstanceOf(TidegateError);
  return error as TidegateError;
};
/** The counter of a spinning thread, and whether it still changes after many turns of this thread's event loop. */
const spinning = () => {
  const counter = new Int32Array(new SharedArrayBuffer(4));
  const runs = async (): Promise<boolean> => {
    const before = Atomics.load(counter, 0);
    for (let turns = 0; turns < 1_000; turns += 1) await turn();
    return Atomics.load(counter, 0) !== before;
  };
  return { counter, runs };
};

describe('a pool of threads', () => {
  test('reuses a thread for the next task', async () => {
    const pool = poolOf('echo');
    expect(await pool.run('any', [done('count')], follow())).toBe(1);
    expect(await pool.run('any', [done('count')], follow())).toBe(2);
    expect(pool.threads).toBe(1);
  });

  test('has at most as many threads as its size, however many tasks are submitted at the same time', async () => {
    const pool = poolOf('echo', 2);
    const running = Array.from({ length: 9 }, (_, n) => pool.run('any', [done(n)], follow()));
    expect(pool.threads).toBe(2);
    expect(await Promise.all(running)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test('ends a thread that has been idle for a while', async () => {
    const pool = poolOf('echo', 1, 20);
    await pool.run('any', [done('result')], follow());
    expect(pool.threads).toBe(1);
    await eventually(() => expect(pool.threads).toBe(0));
    expect(await pool.run('any', [done('count')], follow())).toBe(1);
  });

  test('continues with waiting tasks when a thread dies', async () => {
    const pool = poolOf('exit');
    const refusals = await Promise.all([1, 2, 3].map((n) => refusalOf(pool.run('any', n, follow()))));
    expect(refusals.map(({ code }) => code)).toEqual(Array(3).fill('TRAINING_THREAD_FAILED'));
  });

  test('removes a task that waits for a thread when its signal is aborted', async () => {
    const pool = poolOf('spin');
    const { counter, runs } = spinning();
    const [first, second] = [new AbortController(), new AbortController()];
    const busy = pool.run('any', { counter }, follow({ signal: first.signal }));
    const waiting = pool.run('any', { counter }, follow({ signal: second.signal }));
    await eventually(async () => expect(await runs()).toBe(true));
    second.abort(new Error('no longer wanted'));
    await expect(waiting).rejects.toThrow('no longer wanted');
    await eventually(async () => expect(await runs()).toBe(true));
    first.abort(new Error('enough'));
    await expect(busy).rejects.toThrow('enough');
  });

  test('refuses input that cannot be cloned, and continues', async () => {
    const pool = poolOf('echo');
    await expect(pool.run('any', [() => undefined], follow())).rejects.toThrow('could not be cloned');
    expect(await pool.run('any', [done('result')], follow())).toBe('result');
  });
});

describe('a task', () => {
  test('has ended by the time its promise rejects after an abort, however busy it was', async () => {
    const { counter, runs } = spinning();
    const controller = new AbortController();
    const reason = new Error('enough');
    let begun = (): void => undefined;
    const hasBegun = new Promise<void>((resolve) => (begun = resolve));
    const control = follow({ signal: controller.signal, onProgress: begun });
    const running = poolOf('spin').run('any', { counter }, control);
    await hasBegun;
    await eventually(async () => expect(await runs()).toBe(true));
    controller.abort(reason);
    await expect(running).rejects.toBe(reason);
    expect(await runs()).toBe(false);
  });

  test('is not started if the signal is already aborted', async () => {
    const { counter } = spinning();
    const reason = new Error('too late');
    const pool = poolOf('spin');
    const running = pool.run('any', { counter }, follow({ signal: AbortSignal.abort(reason) }));
    await expect(running).rejects.toBe(reason);
    expect(pool.threads).toBe(0);
  });

  test('is ended by an error in its progress callback', async () => {
    const { counter, runs } = spinning();
    const reason = new Error('nobody listens');
    const onProgress = (): never => {
      throw reason;
    };
    await expect(poolOf('spin').run('any', { counter }, follow({ onProgress }))).rejects.toBe(reason);
    expect(await runs()).toBe(false);
  });

  test('whose thread exits without a message fails with TRAINING_THREAD_FAILED, which is retryable', async () => {
    const error = await refusalOf(poolOf('exit').run('any', null, follow()));
    expect(error.code).toBe('TRAINING_THREAD_FAILED');
    expect(error.message).toContain('code 3');
    expect(error.retryable).toBe(true);
  });

  test('whose thread throws a TypeError or the like fails with DEFECT and the cause', async () => {
    const error = await refusalOf(poolOf('throw').run('any', null, follow()));
    expect(error.code).toBe('DEFECT');
    expect(error.cause).toMatchObject({ message: 'the thread broke' });
  });

  test('whose thread file does not exist fails with TRAINING_THREAD_FAILED', async () => {
    const error = await refusalOf(poolOf('absent').run('any', null, follow()));
    expect(error.code).toBe('TRAINING_THREAD_FAILED');
  });

  test('passes on an error of the error table with code, message, remedy and places', async () => {
    const places = [{ at: 'x', problem: 'leaks' }];
    const sent = new TidegateError('NOT_CONVERGED', 'it went on and on', { remedy: 'drop x', places });
    const error = await refusalOf(poolOf('echo').run('any', [failureOf(sent)], follow()));
    expect(error).toMatchObject({
      code: 'NOT_CONVERGED',
      message: 'it went on and on',
      remedy: 'drop x',
      places,
    });
  });

  test('passes on any other error as the cause of TRAINING_THREAD_FAILED', async () => {
    const sent = failureOf(new Error('out of range'));
    const error = await refusalOf(poolOf('echo').run('any', [sent], follow()));
    expect(error.code).toBe('TRAINING_THREAD_FAILED');
    expect(error.cause).toMatchObject({ message: 'out of range' });
  });

  test('reports progress in the async context of its caller, where an activity has its heartbeat', async () => {
    const context = new AsyncLocalStorage<string>();
    const pool = poolOf('echo');
    const messages: ThreadMessage[] = [{ kind: 'progress', fraction: 0.25 }, done('result')];
    const seen: unknown[] = [];
    const onProgress = (fraction: number) => void seen.push([fraction, context.getStore()]);
    for (const activity of ['one', 'another'])
      await context.run(activity, () => pool.run('any', messages, follow({ onProgress })));
    expect(seen).toEqual([
      [0.25, 'one'],
      [0.25, 'another'],
    ]);
  });
});
