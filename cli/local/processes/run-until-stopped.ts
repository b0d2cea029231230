// Runs several parts until Ctrl-C, and takes them down in order, even when it comes half-way through the start.
import type { Log } from './managed-process.ts';

/** Anything that was started and can be stopped. */
export interface Stoppable {
  stop(): Promise<void>;
}

/** Given to the function that starts the parts. */
export interface Run {
  /** Aborted when the run is to end; pass it on to whatever takes time to start. */
  readonly signal: AbortSignal;
  /**
   * Takes charge of a part from the moment its start begins, so that it is stopped even when it becomes ready late.
   * Parts stop in the reverse order of these calls, one after the other.
   *
   * @example const postgres = await run.part('Postgres', startPostgres({ ..., signal: run.signal }));
   */
  part<T extends Stoppable>(name: string, starting: Promise<T>): Promise<T>;
  /** Ends the run as failed, as when a server died. */
  fail(error: Error): void;
  /** Ends the run as done: everything stops as it would at a signal. */
  end(): void;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Calls `start`, waits for SIGINT, SIGTERM, SIGHUP or {@link Run.end}, then stops every part. Resolves when all have stopped.
 * `start` settles soon after its signal is aborted. Further signals while it stops are answered, not obeyed: each part has its own deadline.
 *
 * @throws whatever `start` threw or {@link Run.fail} was given, after all parts have stopped
 * @example
 * await runUntilStopped(async (run) => {
 *   const postgres = await run.part('Postgres', startPostgres({ ...options, signal: run.signal }));
 * }, console.log);
 */
export const runUntilStopped = async (start: (run: Run) => Promise<void>, log: Log): Promise<void> => {
  const parts: { name: string; starting: Promise<Stoppable> }[] = [];
  const ending = new AbortController();
  const ended = new Promise<void>((resolve) => ending.signal.addEventListener('abort', () => resolve()));
  let failure: Error | undefined;

  const onSignal = (signal: NodeJS.Signals) => {
    log(ending.signal.aborted ? `${signal}: already stopping` : `${signal}: stopping`);
    ending.abort(new Error(`stopped by ${signal}`));
  };
  const fail = (error: Error) => {
    // What fails after the run has begun to end, fails because of that.
    if (ending.signal.aborted) return;
    failure = error;
    ending.abort(error);
  };

  for (const signal of SIGNALS) process.on(signal, onSignal);
  try {
    const run: Run = {
      signal: ending.signal,
      part: (name, starting) => {
        parts.push({ name, starting });
        // A part may fail before anybody waits for it; that must not end the process ahead of the others.
        starting.catch(() => undefined);
        return starting;
      },
      fail,
      end: () => ending.abort(new Error('done')),
    };
    await start(run).catch(fail);
    await ended;
    for (const { name, starting } of parts.reverse()) {
      const part = await starting.catch(() => undefined);
      if (!part) continue;
      log(`stopping ${name}`);
      await part.stop().catch((error: unknown) => log(`${name} did not stop: ${(error as Error).message}`));
    }
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal);
  }
  if (failure) throw failure;
};
