// The worker's options: pure, so that tests make workers like the one in production.
import { fileURLToPath } from 'node:url';
import {
  type ActivityInboundCallsInterceptor,
  type NativeConnection,
  type WorkerOptions,
} from '@temporalio/worker';
import { ActivityErrors } from './activity-errors.ts';
import { type Activities } from '../activities/index.ts';
import { noticeQueue, partQueue, peopleQueue } from '../workflows/contracts.ts';
import { type Slots, slotsFor } from './slots.ts';
import { type IsWorking } from './step-watch.ts';

/** What a worker is made of. */
export interface WorkerSettings {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly taskQueue: string;
  readonly activities: Activities;
  /** A bundle built beforehand; without it the workflows are bundled at start, which takes a second or two. */
  readonly workflowBundle?: NonNullable<WorkerOptions['workflowBundle']>;
  /** Activities at once. @default what suits the processors of the machine */
  readonly slots?: Slots;
  /** Asks Postgres whether it works for a step that shows no sign of life. @default nobody is asked */
  readonly isWorking?: IsWorking;
  /** Looks at the run of each activity before it runs, and may refuse it. */
  readonly admit?: ActivityInboundCallsInterceptor;
  /** How long activities may go on after a stop is asked for. @default '10 seconds' */
  readonly shutdownGraceTime?: string;
}

/** Where the workflows are, for a worker or a bundler. */
export const workflowsPath = fileURLToPath(new URL('../workflows/index.ts', import.meta.url));

/**
 * Runs that are kept in memory, so that their next step need not replay them. Releases wait for weeks, and those that
 * were not heard of for longest are let go first.
 */
const MAX_CACHED_RUNS = 100;

/** Options of the worker that runs the loops. */
export function workerOptions(settings: WorkerSettings): WorkerOptions {
  const { connection, namespace, taskQueue, activities, workflowBundle } = settings;
  return {
    connection,
    namespace,
    taskQueue,
    activities,
    ...(workflowBundle === undefined ? { workflowsPath } : { workflowBundle }),
    ...whileItWorks(settings),
    maxCachedWorkflows: MAX_CACHED_RUNS,
    maxConcurrentActivityTaskExecutions: slotsOf(settings).loops,
  };
}

const slotsOf = ({ slots }: WorkerSettings): Slots => slots ?? slotsFor();

/**
 * Options of the workers that take activities only: parts of large windows one at a time, so that what a process does
 * not take is left to others; what a person waits for; notifications.
 */
export function sideWorkerOptions(settings: WorkerSettings): WorkerOptions[] {
  const { connection, namespace, taskQueue, activities } = settings;
  const { parts, people, notices } = slotsOf(settings);
  const queues = [
    { taskQueue: partQueue(taskQueue), slots: parts, polls: 1 },
    { taskQueue: peopleQueue(taskQueue), slots: people, polls: 2 },
    { taskQueue: noticeQueue(taskQueue), slots: notices, polls: 1 },
  ];
  return queues.map(({ taskQueue: queue, slots, polls }) => ({
    connection,
    namespace,
    taskQueue: queue,
    activities,
    ...whileItWorks(settings),
    maxConcurrentActivityTaskExecutions: slots,
    maxConcurrentActivityTaskPolls: polls,
  }));
}

const whileItWorks = ({ shutdownGraceTime, isWorking, admit }: WorkerSettings) =>
  ({
    // The SDK holds heartbeats back for most of the heartbeat timeout, and with them the news that a run was cancelled.
    maxHeartbeatThrottleInterval: '1 second',
    interceptors: {
      activity: [
        () => ({ inbound: new ActivityErrors(isWorking) }),
        ...(admit ? [() => ({ inbound: admit })] : []),
      ],
    },
    shutdownGraceTime: (shutdownGraceTime ?? '10 seconds') as '10 seconds',
    // Then steps that do not end are left behind, and their connections cut off: the whole end takes 20 seconds at most.
    shutdownForceTime: '15 seconds',
  }) satisfies Partial<WorkerOptions>;
