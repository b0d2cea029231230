// Waits for a workflow run, and reports its steps and what keeps it from making progress.
import { setTimeout as delay } from 'node:timers/promises';
import { type Client, type WorkflowHandle } from '@temporalio/client';
import { TidegateError } from '../domain/errors.ts';
import { RunTroubles, type Say } from './run-troubles.ts';

export { type Say } from './run-troubles.ts';

/** A workflow run of any type. */
export type AnyRun = Pick<WorkflowHandle, 'workflowId' | 'describe' | 'result'>;

/** How to wait for the result of a run. */
export interface FollowOptions<Found> {
  readonly client: Client;
  readonly run: AnyRun;
  /** Looks for the result; undefined while there is none. Is told whether the run is still running. */
  readonly look: (isRunning: boolean) => Promise<Found | undefined>;
  /** Queries the run for the name of its current step. */
  readonly step: () => Promise<string>;
  readonly say: Say;
  /** Receives failed attempts and task queues that no worker polls. @default `say` */
  readonly warn?: Say | undefined;
  /** Ends the wait; the run goes on. */
  readonly signal?: AbortSignal | undefined;
}

const LOOK_EVERY_MS = 200;

/** How long to wait for the answer of a query before checking the run again; without a worker there is no answer. */
const QUERY_PATIENCE_MS = 1_000;

/**
 * Waits without a time limit until a run has produced its result. Reports each step once, each failed attempt of a step with
 * its cause and the time of the next attempt, and task queues that no worker polls.
 *
 * @throws the failure of the run if it ended without the result; the reason of `signal` if it is aborted
 */
export async function followRun<Found>({
  client,
  run,
  look,
  step,
  say,
  warn = say,
  signal,
}: FollowOptions<Found>): Promise<Found> {
  const reportStep = stepReporter(say);
  const troubles = new RunTroubles(client, warn);
  let asked: Promise<void> | undefined;
  for (;;) {
    signal?.throwIfAborted();
    const description = await run.describe();
    const isRunning = description.status.name === 'RUNNING';
    const found = await look(isRunning);
    if (found !== undefined) return found;
    if (!isRunning) {
      await run.result();
      throw new TidegateError('INTERNAL', `${run.workflowId} ended without a result`);
    }
    await troubles.look(description);
    // A query fails while no worker can answer it. The run itself waits for a worker, so ask again later.
    asked ??= step()
      .then(reportStep, () => undefined)
      .finally(() => (asked = undefined));
    await Promise.race([asked, delay(QUERY_PATIENCE_MS)]);
    await delay(LOOK_EVERY_MS);
  }
}

/**
 * Waits until a run has ended, and returns its result.
 *
 * @throws as {@link followRun}
 */
export const followToEnd = <Result>(options: Omit<FollowOptions<Result>, 'look'>): Promise<Result> =>
  followRun({
    ...options,
    look: async (isRunning) => (isRunning ? undefined : ((await options.run.result()) as Result)),
  });

function stepReporter(say: Say): (step: string) => void {
  let last: string | undefined;
  return (step) => {
    if (step !== last && step !== 'closed') say(`  ${step} …`);
    last = step;
  };
}
