// Waiting for a run: its steps are told meanwhile, and what keeps it from going on.
import { setTimeout as delay } from 'node:timers/promises';
import { type Client, type WorkflowHandle } from '@temporalio/client';
import { TidegateError } from '../../domain/errors.ts';
import { RunTroubles, type Say } from './run-troubles.ts';

export { type Say } from './run-troubles.ts';

/** A run, whatever its type. */
export type AnyRun = Pick<WorkflowHandle, 'workflowId' | 'describe' | 'result'>;

/** How to wait for something that a run brings about. */
export interface FollowOptions<Found> {
  readonly client: Client;
  readonly run: AnyRun;
  /** Whether it is there; undefined while it is not. */
  readonly look: () => Promise<Found | undefined>;
  /** The step that the run is at, in words; asked by a query. */
  readonly step: () => Promise<string>;
  readonly say: Say;
  /** Is told of failed attempts, and of queues that no worker polls. @default `say` */
  readonly warn?: Say | undefined;
}

const LOOK_EVERY_MS = 200;

/** So long a query is waited for before the run is looked at again: none is answered while no worker is there. */
const QUERY_PATIENCE_MS = 1_000;

/**
 * Waits until a run has brought something about, however long that takes, and tells each of its steps once, each attempt
 * of a step that failed with its cause and when the next is due, and that no worker polls the queue.
 *
 * @throws the failure of the run when it ended without it
 */
export async function followRun<Found>({
  client,
  run,
  look,
  step,
  say,
  warn = say,
}: FollowOptions<Found>): Promise<Found> {
  const tell = teller(say);
  const troubles = new RunTroubles(client, warn);
  let asked: Promise<void> | undefined;
  for (;;) {
    const description = await run.describe();
    const found = await look();
    if (found !== undefined) return found;
    if (description.status.name !== 'RUNNING') {
      await run.result();
      throw new TidegateError('INTERNAL', `${run.workflowId} ended before its work was done`);
    }
    await troubles.look(description);
    // A query fails while no worker is there to answer it; the run waits, and so do we.
    asked ??= step()
      .then(tell, () => undefined)
      .finally(() => (asked = undefined));
    await Promise.race([asked, delay(QUERY_PATIENCE_MS)]);
    await delay(LOOK_EVERY_MS);
  }
}

/** Whether a run is open. */
export async function isRunning(run: Pick<AnyRun, 'describe'>): Promise<boolean> {
  return (await run.describe()).status.name === 'RUNNING';
}

function teller(say: Say): (step: string) => void {
  let last: string | undefined;
  return (step) => {
    if (step !== last && step !== 'closed') say(`  ${step} …`);
    last = step;
  };
}
