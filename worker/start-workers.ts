// The workers of one process: one for the loops, and beside it one for each task queue that has slots of its own.
import { Worker } from '@temporalio/worker';
import { sideWorkerOptions, workerOptions, type WorkerSettings } from './options.ts';

/** Workers that poll. */
export interface RunningWorkers {
  /** Resolves when all have ended; rejects with what ended one of them, once all have. */
  readonly stopped: Promise<void>;
  /** Asks all to end. */
  shutdown(): void;
}

/**
 * Starts the workers of a process over one connection.
 *
 * @param identity what histories name them by. @default what the SDK finds: process and host
 * @example
 * const workers = await startWorkers({ connection, namespace, taskQueue, activities });
 * await workers.stopped;
 */
export async function startWorkers(settings: WorkerSettings, identity?: string): Promise<RunningWorkers> {
  const named = identity === undefined ? {} : { identity };
  const workers = await Promise.all(
    [workerOptions(settings), ...sideWorkerOptions(settings)].map((options) =>
      Worker.create({ ...options, ...named }),
    ),
  );
  const shutdown = (): void => {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  // A process with some of them would look alive and leave work undone.
  const running = workers.map((worker) => worker.run().finally(shutdown));
  const stopped = Promise.allSettled(running).then((ends) => {
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  });
  return { stopped, shutdown };
}
