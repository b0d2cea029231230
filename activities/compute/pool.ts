// A pool of compute threads: the caller's event loop stays free, threads are reused, and an abort ends a thread
// immediately.
import { AsyncResource } from 'node:async_hooks';
import { Worker } from 'node:worker_threads';
import { defectOf } from '../../domain/defect.ts';
import { TidegateError } from '../../domain/errors.ts';
import { errorOf, type TaskMessage, type ThreadMessage } from './message.ts';

/** Progress and cancellation of a computation. */
export interface ComputeControl {
  readonly signal: AbortSignal;
  /**
   * Called with fractions from 0 to 1, in the async context of the caller; an error that it throws ends the
   * computation.
   */
  readonly onProgress: (fraction: number) => void;
}

/** Options of a pool. */
export interface PoolOptions {
  /**
   * The script of its threads; it answers each `TaskMessage` with `ThreadMessage`s, the last of them `done` or
   * `failed`.
   */
  readonly entry: string | URL;
  /** Maximum number of threads; further tasks wait in the order in which they came. */
  readonly size: number;
  /** A thread without work is ended after this many milliseconds, to free its memory. @default 10_000 */
  readonly idleMs?: number;
}

interface Job {
  readonly message: TaskMessage;
  readonly onProgress: (fraction: number) => void;
  /** Ends the job; called when its thread has ended or is free again, or immediately if the job had no thread yet. */
  readonly settle: (outcome: { readonly result: unknown } | { readonly error: Error }) => void;
}

interface Thread {
  readonly worker: Worker;
  job: Job | undefined;
  idle: NodeJS.Timeout | undefined;
}

/**
 * A pool that starts a thread when there is work and no thread is free, and reuses it afterwards. A thread that fails or
 * is ended by an abort is replaced when needed. Idle threads do not keep the process alive.
 *
 * @example const pool = new ComputePool({ entry: paths.computeThread, size: 2 });
 */
export class ComputePool {
  readonly #options: Required<PoolOptions>;
  readonly #waiting: Job[] = [];
  readonly #threads = new Set<Thread>();

  constructor(options: PoolOptions) {
    this.#options = { idleMs: 10_000, ...options };
  }

  /** The current number of threads, busy or idle. */
  get threads(): number {
    return this.#threads.size;
  }

  /**
   * Runs a task on a copy of `input` and returns its result.
   *
   * @throws the signal's reason when aborted, after the thread has ended
   * @throws TidegateError with the code that the task throws; DEFECT if it fails because of a bug;
   *   TRAINING_THREAD_FAILED if the thread ends without an answer
   */
  run(task: string, input: unknown, { signal, onProgress }: ComputeControl): Promise<unknown> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const abort = (): void => this.#stop(job, signal.reason as Error);
      const job: Job = {
        message: { task, input },
        onProgress: AsyncResource.bind(onProgress),
        settle: (outcome) => {
          signal.removeEventListener('abort', abort);
          if ('error' in outcome) reject(outcome.error);
          else resolve(outcome.result);
        },
      };
      signal.addEventListener('abort', abort, { once: true });
      this.#waiting.push(job);
      this.#assign();
    });
  }

  /** Ends all threads; pending tasks are rejected with an error. */
  async end(): Promise<void> {
    const ended = new TidegateError('TRAINING_THREAD_FAILED', 'the process is ending');
    for (const job of this.#waiting.splice(0)) job.settle({ error: ended });
    await Promise.all([...this.#threads].map((thread) => this.#end(thread, ended)));
  }

  /** Gives waiting jobs to free threads, starting threads up to the size. */
  #assign(): void {
    while (this.#waiting.length > 0) {
      const free = [...this.#threads].find(({ job }) => job === undefined);
      if (!free && this.#threads.size >= this.#options.size) return;
      const thread = free ?? this.#start();
      const job = this.#waiting.shift()!;
      clearTimeout(thread.idle);
      thread.job = job;
      thread.worker.ref();
      try {
        thread.worker.postMessage(job.message);
      } catch (error) {
        // The input cannot be copied to a thread.
        this.#free(thread);
        job.settle({ error: error as Error });
      }
    }
  }

  #start(): Thread {
    // The thread sets up its own loader, so it must not inherit flags of this process.
    const worker = new Worker(this.#options.entry, { execArgv: [] });
    const thread: Thread = { worker, job: undefined, idle: undefined };
    this.#threads.add(thread);
    const failed = (problem: string, cause?: unknown): TidegateError =>
      new TidegateError('TRAINING_THREAD_FAILED', `the compute thread ${problem}`, { cause });
    const failWith = (cause: unknown): void => {
      const message = cause instanceof Error ? cause.message : String(cause);
      void this.#end(thread, defectOf(cause) ?? failed(`failed: ${message}`, cause));
    };
    worker.on('error', failWith);
    worker.on('messageerror', failWith);
    worker.on(
      'exit',
      (code) => void this.#end(thread, failed(`ended with code ${code} before it had a result`)),
    );
    worker.on('message', (message: ThreadMessage) => this.#take(thread, message));
    return thread;
  }

  #take(thread: Thread, message: ThreadMessage): void {
    const { job } = thread;
    if (!job) return;
    if (message.kind === 'progress') {
      try {
        job.onProgress(message.fraction);
      } catch (error) {
        void this.#end(thread, error as Error);
      }
      return;
    }
    this.#free(thread);
    job.settle(message.kind === 'done' ? { result: message.result } : { error: errorOf(message) });
    this.#assign();
  }

  /** Keeps a thread for the next task until it has been idle for `idleMs`. */
  #free(thread: Thread): void {
    thread.job = undefined;
    thread.worker.unref();
    thread.idle = setTimeout(() => void this.#end(thread, new Error('idle')), this.#options.idleMs);
    thread.idle.unref();
  }

  /** Removes a waiting job, or ends the thread that runs it. */
  #stop(job: Job, reason: Error): void {
    const at = this.#waiting.indexOf(job);
    if (at >= 0) {
      this.#waiting.splice(at, 1);
      job.settle({ error: reason });
      return;
    }
    for (const thread of this.#threads) if (thread.job === job) void this.#end(thread, reason);
  }

  /** Ends a thread and only then settles its job, so that the caller can rely on nothing running any more. */
  async #end(thread: Thread, error: Error): Promise<void> {
    if (!this.#threads.delete(thread)) return;
    const { worker, job } = thread;
    clearTimeout(thread.idle);
    worker.removeAllListeners();
    // Ignore an error of a thread that is being ended.
    worker.on('error', () => undefined);
    await worker.terminate();
    job?.settle({ error });
    this.#assign();
  }
}
