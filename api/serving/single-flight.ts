// Runs a task that many ask for at the same time.

/**
 * Wraps a task so that it never overlaps itself. Calls during a run share one further run, which begins afterwards and so
 * sees every change that was made before those calls.
 *
 * @example const sync = singleFlight(() => loadEverything());
 */
export function singleFlight(task: () => Promise<void>): () => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  let queued: Promise<void> | undefined;
  const run = (): Promise<void> => {
    queued = undefined;
    return task();
  };
  return () => {
    queued ??= last = last.then(run, run);
    return queued;
  };
}
