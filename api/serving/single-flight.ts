// One run of a task at a time, however often it is asked for.

/**
 * Wraps a task so that it never overlaps itself. Calls during a run share one further run, which begins after it and
 * so sees everything that was true when they were made.
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
