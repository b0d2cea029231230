// The options of workers. Pure, so that tests can create workers like those in production.
import {
  type ActivityExecuteInput,
  type ActivityInboundCallsInterceptor,
  type NativeConnection,
  type Next,
  Worker,
  type WorkerOptions,
} from '@temporalio/worker';
import { paths } from '../paths.ts';
import { type Activities } from '../activities/index.ts';
import { noticeQueue, partQueue, peopleQueue } from '../workflows/protocol/messages.ts';
import { type Slots, slotsFor } from './slots.ts';
import { type IsWorking, type StepWatchOptions, watchStep } from './step-watch.ts';
import { ApplicationFailure, Context } from '@temporalio/activity';
import { TemporalFailure } from '@temporalio/common';
import { NoResultError } from 'kysely';
import { defectOf } from '../domain/defect.ts';
import { TidegateError } from '../domain/errors.ts';
import { temporalFailure } from '../domain/temporal-failure.ts';
import { postgresFailure } from '../store/postgres/postgres-failure.ts';

/** Connections, activities and limits of a worker. */
export interface WorkerSettings {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly taskQueue: string;
  readonly activities: Activities;
  /** A prebuilt bundle; without it the workflows are bundled at start, which takes a second or two. */
  readonly workflowBundle?: NonNullable<WorkerOptions['workflowBundle']>;
  /** Concurrent activities. @default by the number of processors of the machine */
  readonly slots?: Slots;
  /** Checks whether Postgres is working for a step that shows no progress. @default no check */
  readonly isWorking?: IsWorking;
  /** Examines the run of each activity before it executes, and may refuse it. */
  readonly admit?: ActivityInboundCallsInterceptor;
  /** How long activities may continue after a shutdown was requested. @default '10 seconds' */
  readonly shutdownGraceTime?: string;
}

/**
 * Maximum number of runs that are cached, so that their next task does not replay them. Releases wait for weeks; the
 * least recently used runs are evicted first.
 */
const MAX_CACHED_RUNS = 64;

/** Returns the options of the worker that runs the loops. */
export function workerOptions(settings: WorkerSettings): WorkerOptions {
  const { connection, namespace, taskQueue, activities, workflowBundle } = settings;
  return {
    connection,
    namespace,
    taskQueue,
    activities,
    ...(workflowBundle === undefined ? { workflowsPath: paths.workflows } : { workflowBundle }),
    ...commonOptions(settings),
    maxCachedWorkflows: MAX_CACHED_RUNS,
    maxConcurrentActivityTaskExecutions: slotsOf(settings).loops,
  };
}

const slotsOf = ({ slots }: WorkerSettings): Slots => slots ?? slotsFor();

/**
 * Returns the options of the workers that run only activities: parts of large windows, one at a time, so that other
 * processes get a share; steps that a person waits for; notifications.
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
    ...commonOptions(settings),
    maxConcurrentActivityTaskExecutions: slots,
    maxConcurrentActivityTaskPolls: polls,
  }));
}

const commonOptions = ({ shutdownGraceTime, isWorking, admit }: WorkerSettings) =>
  ({
    // By default the SDK delays heartbeats for most of the heartbeat timeout. A cancellation is received only with the
    // answer to a heartbeat, so it would be delayed too.
    maxHeartbeatThrottleInterval: '1 second',
    interceptors: {
      activity: [
        () => ({ inbound: new ActivityErrors(isWorking) }),
        ...(admit ? [() => ({ inbound: admit })] : []),
      ],
    },
    shutdownGraceTime: (shutdownGraceTime ?? '10 seconds') as '10 seconds',
    // After this time, steps that have not ended are abandoned and their connections closed: shutdown takes at most 20
    // seconds.
    shutdownForceTime: '15 seconds',
  }) satisfies Partial<WorkerOptions>;

/** Workers that are polling. */
export interface RunningWorkers {
  /** Resolves when all have ended; if one failed, rejects with its error once all have ended. */
  readonly stopped: Promise<void>;
  /** Starts the shutdown of all workers. */
  shutdown(): void;
}

/**
 * Starts the workers of a process on one connection.
 *
 * @param identity their name in histories. @default the SDK's: process id and host
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
  // If one worker ends, stop them all: a process with only some of them would look alive but leave work undone.
  const running = workers.map((worker) => worker.run().finally(shutdown));
  const stopped = Promise.allSettled(running).then((ends) => {
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  });
  return { stopped, shutdown };
}

/** Watches an activity, so that a stalled step or a dead worker is detected, and translates its errors. */
class ActivityErrors implements ActivityInboundCallsInterceptor {
  readonly #isWorking: IsWorking | undefined;
  readonly #times: StepWatchOptions;

  constructor(isWorking?: IsWorking, times: StepWatchOptions = {}) {
    this.#isWorking = isWorking;
    this.#times = times;
  }

  async execute(
    input: ActivityExecuteInput,
    next: Next<ActivityInboundCallsInterceptor, 'execute'>,
  ): Promise<unknown> {
    const context = Context.current();
    try {
      return await watchStep(context, () => next(input), this.#isWorking, this.#times);
    } catch (error) {
      throw asFailure(error, context.info.activityType);
    }
  }
}

/**
 * Converts an error to a failure whose type is its code in the error table; it is retried only if the table says that
 * this can help. Errors of Postgres and Temporal are mapped to their codes, with the name of the step; bugs in the
 * program become DEFECT and are not retried. Any other error is passed on unchanged and retried.
 */
export function asFailure(thrown: unknown, step?: string): unknown {
  const error = thrown instanceof TidegateError ? thrown : (ofServers(thrown) ?? ofProgram(thrown));
  if (error === undefined) return thrown;
  const lacksStep = error !== thrown || error.code === 'DEFECT' || ofServers(error.cause) !== undefined;
  const message = step !== undefined && lacksStep ? `${step}: ${error.message}` : error.message;
  return ApplicationFailure.create({
    type: error.code,
    message: `${message}. ${error.remedy}`,
    nonRetryable: !error.retryable,
    details: [{ message, places: error.places, remedy: error.remedy }],
    ...(error.cause instanceof Error && { cause: error.cause }),
  });
}

/**
 * Maps an error of Postgres or Temporal. Returns undefined for any other error, and for the failures that Temporal
 * creates: they already have a type, and an error of Postgres that caused one happened in another step.
 */
const ofServers = (thrown: unknown): TidegateError | undefined =>
  thrown instanceof TemporalFailure ? undefined : (postgresFailure(thrown)?.error ?? temporalFailure(thrown));

/**
 * Maps a bug in the program, or a missing row that an earlier step should have written; returns undefined for any other
 * error, and for every error of Temporal's SDK.
 */
function ofProgram(thrown: unknown): TidegateError | undefined {
  if (thrown instanceof TemporalFailure) return undefined;
  if (thrown instanceof NoResultError)
    return new TidegateError('DEFECT', 'a required row is missing', { cause: thrown });
  return defectOf(thrown);
}
