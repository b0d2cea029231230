// The worker's options: pure, so that tests make workers like the one in production.
import { fileURLToPath } from 'node:url';
import { type NativeConnection, type WorkerOptions } from '@temporalio/worker';
import { ActivityErrors } from './activity-errors.ts';
import { type Activities } from '../activities/index.ts';
import { partQueue } from '../workflows/contracts.ts';

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

/** Options of the worker that runs the loops. Concurrent activities of a process stay below the database pool's size. */
export function workerOptions(settings: WorkerSettings): WorkerOptions {
  const { connection, namespace, taskQueue, activities, workflowBundlePath } = settings;
  return {
    connection,
    namespace,
    taskQueue,
    activities,
    ...(workflowBundlePath === undefined
      ? { workflowsPath }
      : { workflowBundle: { codePath: workflowBundlePath } }),
    ...whileItWorks(settings),
    maxConcurrentActivityTaskExecutions: 8,
  };
}

/**
 * Options of the worker that profiles parts of large windows. One at a time: a part keeps a thread busy by itself, and
 * what a process does not take is left to others.
 */
export function partWorkerOptions(settings: WorkerSettings): WorkerOptions {
  const { connection, namespace, taskQueue, activities } = settings;
  return {
    connection,
    namespace,
    taskQueue: partQueue(taskQueue),
    activities,
    ...whileItWorks(settings),
    maxConcurrentActivityTaskExecutions: 1,
  };
}

const whileItWorks = ({ shutdownGraceTime }: WorkerSettings) =>
  ({
    // The SDK holds heartbeats back for most of the heartbeat timeout, and with them the news that a run was cancelled.
    maxHeartbeatThrottleInterval: '1 second',
    interceptors: { activity: [() => ({ inbound: new ActivityErrors() })] },
    shutdownGraceTime: (shutdownGraceTime ?? '10 seconds') as '10 seconds',
    shutdownForceTime: '20 seconds',
  }) satisfies Partial<WorkerOptions>;
