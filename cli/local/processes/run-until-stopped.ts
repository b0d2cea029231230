// Runs several parts until Ctrl-C and stops them in reverse order, even if Ctrl-C comes while they are starting.
import type { Log } from './managed-process.ts';

/** Something that was started and can be stopped. */
export interface Stoppable {
  stop(): Promise<void>;
}

/** Passed to the function that starts the parts. */
export interface Run {
  /** Aborted when the run must end; pass it to everything that takes time to start. */
  readonly signal: AbortSignal;
  /**
   * Registers a part as soon as its start begins, so that it is stopped even if it becomes ready after the run has ended.
   * Parts are stopped one after the other, in the reverse order of these calls.
   *
   * @example const postgres = await run.part('Postgres', startPostgres({ ..., signal: run.signal }));
   */
  part<T extends Stoppable>(name: string, starting: Promise<T>): Promise<T>;
  /** Ends the run with an error, for example because a server died. */
  fail(error: Error): void;
  /** Ends the run successfully: everything is stopped, as after a signal. */
  end(): void;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Calls `start`, waits for SIGINT, SIGTERM, SIGHUP or {@link Run.end}, then stops every part. Resolves when all have stopped.
 * `start` must settle soon after its signal is aborted. Further signals only log a line, because each part has its own
 * deadline for stopping.
 *
 * @throws the error that `start` threw or that {@link Run.fail} received, after all parts have stopped
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
    // An error after the run has begun to end is only a consequence of that.
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
        // A part may fail before anything awaits it; an unhandled rejection would end the process before the others stop.
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
