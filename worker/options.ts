// The worker's options: pure, so that tests make workers like the one in production.
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
    ...(workflowBundle === undefined ? { workflowsPath: paths.workflows } : { workflowBundle }),
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

/** Watches an activity, so that one that stands still or whose worker died is noticed, and translates its error. */
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
 * An error as a failure whose type is its code of the error table: tried again only if the table says that this can
 * help. What Postgres or Temporal said is looked up, and the step that met it named; so is a fault in the program, which
 * no retry mends. Any other error is passed on as it is, and tried again.
 */
export function asFailure(thrown: unknown, step?: string): unknown {
  const error = thrown instanceof TidegateError ? thrown : (ofServers(thrown) ?? ofProgram(thrown));
  if (error === undefined) return thrown;
  const saysNoStep = error !== thrown || error.code === 'DEFECT' || ofServers(error.cause) !== undefined;
  const message = step !== undefined && saysNoStep ? `${step}: ${error.message}` : error.message;
  return ApplicationFailure.create({
    type: error.code,
    message: `${message}. ${error.remedy}`,
    nonRetryable: !error.retryable,
    details: [{ message, places: error.places, remedy: error.remedy }],
    ...(error.cause instanceof Error && { cause: error.cause }),
  });
}

/** What Postgres or Temporal said. A failure that Temporal made itself carries a type, and what it wraps is another step's. */
const ofServers = (thrown: unknown): TidegateError | undefined =>
  thrown instanceof TemporalFailure ? undefined : (postgresFailure(thrown)?.error ?? temporalFailure(thrown));

/** A mistake in code, or a row that a step before should have written: what Temporal and its SDK throw is neither. */
function ofProgram(thrown: unknown): TidegateError | undefined {
  if (thrown instanceof TemporalFailure) return undefined;
  if (thrown instanceof NoResultError)
    return new TidegateError('DEFECT', 'a row that must be there is not', { cause: thrown });
  return defectOf(thrown);
}
