// Waiting for a run, telling its steps meanwhile.
import { setTimeout as delay } from 'node:timers/promises';
import { type WorkflowHandle } from '@temporalio/client';
import { TidegateError } from '../../domain/errors.ts';

/** Receives one line about what is going on. */
export type Say = (text: string) => void;

/** A run, whatever its type. */
export type AnyRun = Pick<WorkflowHandle, 'workflowId' | 'describe' | 'result'>;

/** How to wait for something that a run brings about. */
export interface FollowOptions<Found> {
  readonly run: AnyRun;
  /** Whether it is there; undefined while it is not. */
  readonly look: () => Promise<Found | undefined>;
  /** The step that the run is at, in words; asked by a query. */
  readonly step: () => Promise<string>;
  readonly say: Say;
}

const LOOK_EVERY_MS = 200;

/**
 * Waits until a run has brought something about, however long that takes, and tells each of its steps once.
 *
 * @throws the failure of the run when it ended without it
 */
export async function followRun<Found>({ run, look, step, say }: FollowOptions<Found>): Promise<Found> {
  const tell = teller(say);
  for (;;) {
    const isOpen = await isRunning(run);
    const found = await look();
    if (found !== undefined) return found;
    if (!isOpen) {
      await run.result();
      throw new TidegateError('INTERNAL', `${run.workflowId} ended before its work was done`);
    }
    // A query fails while no worker is there to answer it; the run waits, and so do we.
    await step().then(tell, () => undefined);
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
