// A pool of compute threads: the caller's event loop stays free, threads are used again, and an abort ends one at once.
import { AsyncResource } from 'node:async_hooks';
import { Worker } from 'node:worker_threads';
import { defectOf } from '../../domain/defect.ts';
import { TidegateError } from '../../domain/errors.ts';
import { errorOf, type TaskMessage, type ThreadMessage } from './message.ts';

/** How the caller follows and stops a computation. */
export interface ComputeControl {
  readonly signal: AbortSignal;
  /** Called with fractions from 0 to 1, in the async context of the caller; what it throws ends the computation. */
  readonly onProgress: (fraction: number) => void;
}

/** How a pool is made. */
export interface PoolOptions {
  /** The script of its threads; it answers each `TaskMessage` with `ThreadMessage`s, the last `done` or `failed`. */
  readonly entry: string | URL;
  /** Most threads at once; further tasks wait for one, first come, first served. */
  readonly size: number;
  /** A thread without work is ended after this time, in milliseconds: it holds memory. @default 10_000 */
  readonly idleMs?: number;
}

interface Job {
  readonly message: TaskMessage;
  readonly onProgress: (fraction: number) => void;
  /** Ends the job; the thread that ran it, if one did, has ended or is free again by then. */
  readonly settle: (outcome: { readonly result: unknown } | { readonly error: Error }) => void;
}

interface Thread {
  readonly worker: Worker;
  job: Job | undefined;
  idle: NodeJS.Timeout | undefined;
}

/**
 * Threads that are started when there is work and none is free, and used again after it. One that fails or is ended by
 * an abort is replaced when it is needed. Idle threads do not keep the process alive.
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

  /** How many threads there are now, busy or idle. */
  get threads(): number {
    return this.#threads.size;
  }

  /**
   * Runs a task on a copy of `input` and gives what it gives.
   *
   * @throws the signal's reason when aborted; the thread has ended by then
   * @throws TidegateError of the code that the task throws; DEFECT if it fails by a mistake in code;
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

  /** Ends all threads; whoever waits for a result meets an error. */
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
        // What cannot be copied to a thread.
        this.#free(thread);
        job.settle({ error: error as Error });
      }
    }
  }

  #start(): Thread {
    // The thread registers what it needs itself: no flag of this process may leak into it.
    const worker = new Worker(this.#options.entry, { execArgv: [] });
    const thread: Thread = { worker, job: undefined, idle: undefined };
    this.#threads.add(thread);
    const failed = (words: string, cause?: unknown): TidegateError =>
      new TidegateError('TRAINING_THREAD_FAILED', `the compute thread ${words}`, { cause });
    const failWith = (cause: unknown): void => {
      const words = cause instanceof Error ? cause.message : String(cause);
      void this.#end(thread, defectOf(cause) ?? failed(`failed: ${words}`, cause));
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

  /** Keeps a thread for the next task, for a while. */
  #free(thread: Thread): void {
    thread.job = undefined;
    thread.worker.unref();
    thread.idle = setTimeout(() => void this.#end(thread, new Error('idle')), this.#options.idleMs);
    thread.idle.unref();
  }

  /** Takes a job back that waits, or ends the thread that runs it. */
  #stop(job: Job, reason: Error): void {
    const at = this.#waiting.indexOf(job);
    if (at >= 0) {
      this.#waiting.splice(at, 1);
      job.settle({ error: reason });
      return;
    }
    for (const thread of this.#threads) if (thread.job === job) void this.#end(thread, reason);
  }

  /** Ends a thread, then tells its job so: whoever is told can rely on it that nothing runs any more. */
  async #end(thread: Thread, error: Error): Promise<void> {
    if (!this.#threads.delete(thread)) return;
    const { worker, job } = thread;
    clearTimeout(thread.idle);
    worker.removeAllListeners();
    // A thread that fails while it is being ended has nobody left to tell.
    worker.on('error', () => undefined);
    await worker.terminate();
    job?.settle({ error });
    this.#assign();
  }
}
