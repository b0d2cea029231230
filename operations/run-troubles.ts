// Reports what keeps a run from making progress: failed attempts of its steps, and task queues that no worker polls.
import { type Client, type WorkflowExecutionDescription } from '@temporalio/client';
import { tsToMs } from '@temporalio/common/lib/time.js';

/** Receives one line of progress. */
export type Say = (text: string) => void;

/** The parts of a run's description that are read. */
export type RunDescription = Pick<WorkflowExecutionDescription, 'workflowId' | 'runId' | 'taskQueue' | 'raw'>;

type Raw = WorkflowExecutionDescription['raw'];
type PendingActivity = NonNullable<Raw['pendingActivities']>[number];
type Failure = NonNullable<PendingActivity['lastFailure']>;

/** A failed attempt of a step. */
export interface FailedAttempt {
  /** Identifies the attempt. */
  readonly key: string;
  /** Describes the step, the attempt, its error, and when the next attempt is due. */
  readonly words: string;
}

/** A task queue in which a task of the run waits for a worker. */
export interface DueInQueue {
  readonly queue: string;
  readonly kind: 'workflow' | 'activity';
  /** Milliseconds since 1970. */
  readonly since: number;
}

// Enum values of Temporal's API; we do not depend on the package that declares them.
const SCHEDULED = 1;
const QUEUE_TYPE = { workflow: 1, activity: 2 } as const;
const WORKFLOW_TASK_FAILED = 9;

const MAX_CAUSE = 1_000;

/**
 * Returns the last failed attempt of each step that is being retried.
 *
 * @param now milliseconds since 1970, to compute the time until the next attempt
 * @example failedAttempts(await run.describe(), Date.now())[0]?.words
 */
export function failedAttempts({ raw }: RunDescription, now: number): FailedAttempt[] {
  return (raw.pendingActivities ?? []).flatMap((activity): FailedAttempt[] => {
    const { activityId, activityType, maximumAttempts, lastFailure } = activity;
    const attempt = activity.attempt ?? 1;
    if (!lastFailure || attempt < 2) return [];
    const of = maximumAttempts ? ` of ${maximumAttempts}` : '';
    return [
      {
        key: `${activityId}/${attempt - 1}`,
        words:
          `${activityType?.name} failed at attempt ${attempt - 1}${of}: ${describeCause(lastFailure)}; ` +
          describeNext(activity, now),
      },
    ];
  });
}

/** Describes a failure: "UNKNOWN_COLUMN: column hours does not exist. Correct …", or that a worker stopped responding. */
function describeCause({ message, applicationFailureInfo, timeoutFailureInfo, cause }: Failure): string {
  const own = message ?? 'without a message';
  const inner = cause?.message ?? '';
  const words = own.includes(inner) ? own : `${own} (${inner})`;
  const type = applicationFailureInfo?.type;
  // For an error without a code the type is the name of its class.
  const code = type && /^[A-Z_]+$/.test(type) ? `${type}: ` : '';
  const silent = timeoutFailureInfo ? '; its worker has died, was stopped or is stuck' : '';
  const all = `${code}${words}${silent}`.replaceAll(/\s+/g, ' ');
  return all.length > MAX_CAUSE ? `${all.slice(0, MAX_CAUSE)}…` : all;
}

function describeNext(
  { attempt, state, nextAttemptScheduleTime, scheduledTime }: PendingActivity,
  now: number,
): string {
  const next = `attempt ${attempt ?? 1}`;
  if (Number(state) !== SCHEDULED) return `${next} is running`;
  const at = tsToMs(nextAttemptScheduleTime ?? scheduledTime);
  if (at <= now) return `${next} is due and waits for a worker`;
  return `${next} is due at ${second(at)} UTC, in ${Math.ceil((at - now) / 1_000)} s`;
}

/** Formats milliseconds since 1970 to the second: "2024-02-29 06:00:00". */
const second = (at: number): string => new Date(at).toISOString().slice(0, 19).replace('T', ' ');

/** Returns the task queues in which a due task waits for a worker, each with its longest wait. */
export function dueInQueues({ raw, taskQueue }: RunDescription, now: number): DueInQueue[] {
  const due: DueInQueue[] = [];
  const task = raw.pendingWorkflowTask;
  if (task && Number(task.state) === SCHEDULED)
    due.push({ queue: taskQueue, kind: 'workflow', since: tsToMs(task.scheduledTime) });
  for (const { state, nextAttemptScheduleTime, scheduledTime, activityOptions } of raw.pendingActivities ??
    []) {
    const since = tsToMs(nextAttemptScheduleTime ?? scheduledTime);
    if (Number(state) === SCHEDULED && since <= now)
      due.push({ queue: activityOptions?.taskQueue?.name ?? taskQueue, kind: 'activity', since });
  }
  const longest = new Map<string, DueInQueue>();
  for (const one of due.toSorted((a, b) => b.since - a.since)) longest.set(`${one.kind}/${one.queue}`, one);
  return [...longest.values()];
}

/** How long a task may wait before its queue is checked. */
const PATIENCE_MS = 2_000;
const LOOK_AGAIN_MS = 5_000;

/** A poll lasts a minute, so a queue without a poll for longer than this has no free worker. */
const MAX_POLL_AGE_MS = 70_000;

/** Reports what keeps one run from making progress, each problem once. */
export class RunTroubles {
  readonly #client: Client;
  readonly #warn: Say;
  readonly #reported = new Set<string>();
  #queuesLookedAt = 0;

  constructor(client: Client, warn: Say) {
    this.#client = client;
    this.#warn = warn;
  }

  /** Checks a fresh description of the run. Never throws: what cannot be checked is not reported. */
  async look(description: RunDescription): Promise<void> {
    const now = Date.now();
    for (const { key, words } of failedAttempts(description, now)) this.#report(key, words);
    await this.#lookAtTask(description);
    if (now - this.#queuesLookedAt < LOOK_AGAIN_MS) return;
    const waiting = dueInQueues(description, now).filter(({ since }) => now - since >= PATIENCE_MS);
    if (waiting.length === 0) return;
    this.#queuesLookedAt = now;
    for (const due of waiting) await this.#lookAtQueue(due, now);
  }

  async #lookAtTask({ raw, workflowId, runId }: RunDescription): Promise<void> {
    const attempt = raw.pendingWorkflowTask?.attempt ?? 1;
    if (attempt < 2 || this.#reported.has(`task/${attempt}`)) return;
    const why = await this.#whyTaskFailed(workflowId, runId).catch(() => undefined);
    this.#report(
      `task/${attempt}`,
      `the workflow code failed at attempt ${attempt - 1} of its task: ${why ?? "see the worker's log for the reason"}; ` +
        'Temporal retries the task until it succeeds',
    );
  }

  /** Finds the newest workflow task failure at the end of the history. */
  async #whyTaskFailed(workflowId: string, runId: string): Promise<string | undefined> {
    const { namespace } = this.#client.options;
    const { history } = await this.#client.workflowService.getWorkflowExecutionHistoryReverse({
      namespace,
      execution: { workflowId, runId },
      maximumPageSize: 5,
    });
    const failed = history?.events?.find(({ eventType }) => Number(eventType) === WORKFLOW_TASK_FAILED);
    const failure = failed?.workflowTaskFailedEventAttributes?.failure;
    return failure ? describeCause(failure) : undefined;
  }

  async #lookAtQueue({ queue, kind }: DueInQueue, now: number): Promise<void> {
    const key = `queue/${kind}/${queue}`;
    const polled = await this.#lastPoll(queue, kind).catch(() => now);
    if (polled !== null && now - polled <= MAX_POLL_AGE_MS) {
      this.#reported.delete(key);
      return;
    }
    this.#report(
      key,
      polled === null
        ? `no worker polls the task queue ${queue} for ${kind} tasks: start one with \`tidegate worker\` or \`tidegate start\``
        : `no worker has polled the task queue ${queue} for ${kind} tasks since ${second(polled)} UTC: none is running, or all are busy`,
    );
  }

  /** Returns when the queue was last polled, in milliseconds since 1970; null if no worker polls it. */
  async #lastPoll(queue: string, kind: DueInQueue['kind']): Promise<number | null> {
    const { pollers } = await this.#client.workflowService.describeTaskQueue({
      namespace: this.#client.options.namespace,
      taskQueue: { name: queue },
      taskQueueType: QUEUE_TYPE[kind],
    });
    const times = (pollers ?? []).map(({ lastAccessTime }) => tsToMs(lastAccessTime));
    return times.length === 0 ? null : Math.max(...times);
  }

  #report(key: string, words: string): void {
    if (this.#reported.has(key)) return;
    this.#reported.add(key);
    this.#warn(`  ${words}`);
  }
}
