// Runs work in a thread of its own: the caller's event loop stays free, and an abort ends the thread at once.
import { Worker } from 'node:worker_threads';
import { TidegateError } from '../../domain/errors.ts';
import { errorOf, type ThreadMessage } from './thread-message.ts';

/** How the caller follows and stops a thread. */
export interface ThreadControl {
  readonly signal: AbortSignal;
  /** Called with fractions from 0 to 1, in the async context of the caller; what it throws ends the thread. */
  readonly onProgress: (fraction: number) => void;
}

/**
 * Starts `entry` with a copy of `data` as its `workerData` and gives the result that it posts.
 *
 * @throws the signal's reason, once the thread has ended, when aborted
 * @throws TidegateError of the code that the thread posts; TRAINING_THREAD_FAILED where it ends without a word
 * @example await runThread(new URL('./thread.mjs', import.meta.url), input, { signal, onProgress });
 */
export function runThread(
  entry: URL,
  data: unknown,
  { signal, onProgress }: ThreadControl,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    // The thread registers what it needs itself: no flag of this process may leak into it.
    const thread = new Worker(entry, { workerData: data, execArgv: [] });

    const stop = (reason: unknown): void => {
      settle();
      void thread.terminate().then(() => reject(reason as Error));
    };
    const abort = (): void => stop(signal.reason);
    const fail = (words: string, cause?: unknown): void =>
      stop(new TidegateError('TRAINING_THREAD_FAILED', `the training thread ${words}`, { cause }));
    const settle = (): void => {
      signal.removeEventListener('abort', abort);
      thread.removeAllListeners();
      // A thread that fails while it is being ended has nobody left to tell.
      thread.on('error', () => undefined);
    };

    signal.addEventListener('abort', abort, { once: true });
    thread.on('error', (cause) =>
      fail(`failed: ${cause instanceof Error ? cause.message : String(cause)}`, cause),
    );
    thread.on('exit', (code) => fail(`ended with code ${code} before it had a result`));
    thread.on('message', (message: ThreadMessage) => {
      if (message.kind === 'progress') {
        try {
          onProgress(message.fraction);
        } catch (error) {
          stop(error);
        }
        return;
      }
      settle();
      if (message.kind === 'done') resolve(message.result);
      else reject(errorOf(message));
    });
  });
}
