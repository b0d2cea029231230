// Work that Ctrl-C ends in order.

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Does something that a signal of the system may interrupt. The first one aborts; a second ends the process as ever.
 *
 * @param work gives up, throwing, soon after its signal is aborted
 * @returns nothing where it was interrupted
 * @throws whatever `work` threw of itself
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
