// Waits for a server that was just started to answer, or to have failed.
import { setTimeout as delay } from 'node:timers/promises';
import { TidegateError } from '../../domain/errors.ts';
import type { ManagedProcess } from './managed-process.ts';

/** What to wait for. */
export interface UntilAnswers {
  /** Names the server in the error. */
  readonly name: string;
  /** One real call; it rejects while the server does not answer. */
  readonly call: () => Promise<unknown>;
  /** Milliseconds. */
  readonly within: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Calls until the server answers.
 *
 * @throws TidegateError SERVER_FAILED with its last output, when it has ended or the time is up
 * @throws the signal's reason when aborted
 * @example await untilAnswers(server, { name: 'Postgres', call: ping, within: 60_000, signal: undefined });
 */
export const untilAnswers = async (
  server: ManagedProcess,
  { name, call, within, signal }: UntilAnswers,
): Promise<void> => {
  const deadline = performance.now() + within;
  let end: string | undefined;
  void server.ended.then((how) => (end = how));
  for (;;) {
    signal?.throwIfAborted();
    const failure = await call().then(
      () => undefined,
      (error: unknown) => error as Error,
    );
    // Checked in this order: whoever else answers at this address, it is not the server that has ended.
    if (end === undefined && !failure) return;
    if (end !== undefined || performance.now() > deadline) {
      const what = end === undefined ? `did not answer (${failure?.message})` : `ended with ${end}`;
      throw new TidegateError('SERVER_FAILED', `${name} ${what}. Its last output:\n${server.tail()}`);
    }
    await delay(25);
  }
};
