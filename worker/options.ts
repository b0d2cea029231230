// The worker's options: pure, so that tests make workers like the one in production.
import { fileURLToPath } from 'node:url';
import { type NativeConnection, type WorkerOptions } from '@temporalio/worker';
import { ActivityErrors } from './activity-errors.ts';
import { type Activities } from '../activities/index.ts';

/** What a worker is made of. */
export interface WorkerSettings {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly taskQueue: string;
  readonly activities: Activities;
  /** A bundle built beforehand; without it the workflows are bundled at start, which takes a second or two. */
  readonly workflowBundlePath?: string;
  /** How long activities may go on after a stop is asked for. @default '10 seconds' */
  readonly shutdownGraceTime?: string;
}

/** Where the workflows are, for a worker or a bundler. */
export const workflowsPath = fileURLToPath(new URL('../workflows/index.ts', import.meta.url));

/** Options of a worker. Concurrent activities stay below the database pool's size. */
export function workerOptions(settings: WorkerSettings): WorkerOptions {
  const { connection, namespace, taskQueue, activities, workflowBundlePath, shutdownGraceTime } = settings;
  return {
    connection,
    namespace,
    taskQueue,
    activities,
    ...(workflowBundlePath === undefined
      ? { workflowsPath }
      : { workflowBundle: { codePath: workflowBundlePath } }),
    interceptors: { activity: [() => ({ inbound: new ActivityErrors() })] },
    maxConcurrentActivityTaskExecutions: 8,
    shutdownGraceTime: (shutdownGraceTime ?? '10 seconds') as '10 seconds',
    shutdownForceTime: '20 seconds',
  };
}
