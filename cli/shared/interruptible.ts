// Lets Ctrl-C cancel a command's work cleanly.

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs work that SIGINT, SIGTERM or SIGHUP cancels. The first signal aborts the work; a second one ends the process.
 *
 * @param work must throw the reason of its signal soon after the signal is aborted
 * @returns the result of `work`; undefined if it was interrupted
 * @throws any other error of `work`
 * @example const result = await interruptible((signal) => importFiles(pool, { ...request, signal }));
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
  const ending = new AbortController();
  const abort = (signal: NodeJS.Signals): void => {
    stopListening();
    ending.abort(new Error(`interrupted by ${signal}`));
  };
  const stopListening = (): void => SIGNALS.forEach((signal) => process.off(signal, abort));
  for (const signal of SIGNALS) process.on(signal, abort);
  try {
    return await work(ending.signal);
  } catch (error) {
    if (error === ending.signal.reason) return undefined;
    throw error;
  } finally {
    stopListening();
  }
}
