// What keeps a run from going on, read from its description: attempts that failed, and queues that no worker polls.
import { setTimeout as delay } from 'node:timers/promises';
import { type Client, type WorkflowExecutionDescription } from '@temporalio/client';
import { tsToMs } from '@temporalio/common/lib/time.js';

/** Receives one line about what is going on. */
export type Say = (text: string) => void;

/** The part of a run's description that is looked at. */
export type RunDescription = Pick<WorkflowExecutionDescription, 'workflowId' | 'runId' | 'taskQueue' | 'raw'>;

type Raw = WorkflowExecutionDescription['raw'];
type PendingActivity = NonNullable<Raw['pendingActivities']>[number];
type Failure = NonNullable<PendingActivity['lastFailure']>;

/** An attempt that failed. */
export interface FailedAttempt {
  /** The same for the same attempt, however often it is looked at. */
  readonly key: string;
  /** Which step and attempt, with which error, and when the next is due. */
  readonly words: string;
}

/** A queue in which something of a run has been due since an instant. */
export interface DueInQueue {
  readonly queue: string;
  readonly kind: 'workflow' | 'activity';
  /** Milliseconds since 1970. */
  readonly since: number;
}

// Numbers of Temporal's API, whose package is not a dependency of ours.
const SCHEDULED = 1;
const QUEUE_TYPE = { workflow: 1, activity: 2 } as const;
const WORKFLOW_TASK_FAILED = 9;

const MAX_CAUSE = 1_000;

/**
 * The attempts of steps that failed and are made again, one entry for each step.
 *
 * @param now milliseconds since 1970, for how long it is until the next
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
          `${activityType?.name} failed at attempt ${attempt - 1}${of}: ${causeInWords(lastFailure)}; ` +
          nextInWords(activity, now),
      },
    ];
  });
}

/** "UNKNOWN_COLUMN: column hours does not exist. Correct …", or what Temporal says of a worker that went silent. */
function causeInWords({ message, applicationFailureInfo, timeoutFailureInfo, cause }: Failure): string {
  const own = message ?? 'no reason was given';
  const inner = cause?.message ?? '';
  const words = own.includes(inner) ? own : `${own} (${inner})`;
  const type = applicationFailureInfo?.type;
  // The type of an error without a code is the name of its class.
  const code = type && /^[A-Z_]+$/.test(type) ? `${type}: ` : '';
  const silent = timeoutFailureInfo ? ', its worker died, was stopped or is stuck' : '';
  const all = `${code}${words}${silent}`.replaceAll(/\s+/g, ' ');
  return all.length > MAX_CAUSE ? `${all.slice(0, MAX_CAUSE)}…` : all;
}

function nextInWords(
  { attempt, state, nextAttemptScheduleTime, scheduledTime }: PendingActivity,
  now: number,
): string {
  const next = `attempt ${attempt ?? 1}`;
  if (Number(state) !== SCHEDULED) return `${next} runs`;
  const at = tsToMs(nextAttemptScheduleTime ?? scheduledTime);
  if (at <= now) return `${next} is due and waits for a worker`;
  return `${next} is due at ${second(at)} UTC, in ${Math.ceil((at - now) / 1_000)} s`;
}

/** "2024-02-29 06:00:00" */
const second = (at: number): string => new Date(at).toISOString().slice(0, 19).replace('T', ' ');

/** What of a run is due and has not been taken by a worker, the longest wait of each queue. */
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

/** So long something may wait before its queue is looked at. */
const PATIENCE_MS = 2_000;
const LOOK_AGAIN_MS = 5_000;

/** A poll of the server lasts a minute: a queue that was not polled for longer has no worker that is free. */
const MAX_POLL_AGE_MS = 70_000;

/** Tells what keeps one run from going on, each thing once. */
export class RunTroubles {
  readonly #client: Client;
  readonly #warn: Say;
  readonly #told = new Set<string>();
  #queuesLookedAt = 0;

  constructor(client: Client, warn: Say) {
    this.#client = client;
    this.#warn = warn;
  }

  /** Looks at a description that was just made. Never throws: what cannot be looked at is not told. */
  async look(description: RunDescription): Promise<void> {
    const now = Date.now();
    for (const { key, words } of failedAttempts(description, now)) this.#tell(key, words);
    await this.#lookAtTask(description);
    if (now - this.#queuesLookedAt < LOOK_AGAIN_MS) return;
    const waiting = dueInQueues(description, now).filter(({ since }) => now - since >= PATIENCE_MS);
    if (waiting.length === 0) return;
    this.#queuesLookedAt = now;
    for (const due of waiting) await this.#lookAtQueue(due, now);
  }

  async #lookAtTask({ raw, workflowId, runId }: RunDescription): Promise<void> {
    const attempt = raw.pendingWorkflowTask?.attempt ?? 1;
    if (attempt < 2 || this.#told.has(`task/${attempt}`)) return;
    const why = await this.#whyTaskFailed(workflowId, runId).catch(() => undefined);
    this.#tell(
      `task/${attempt}`,
      `the workflow itself failed at attempt ${attempt - 1} of its task: ${why ?? 'the log of the worker says why'}; ` +
        'Temporal makes the next attempt until it succeeds',
    );
  }

  /** From the end of the history, where the first failure of the task stands. */
  async #whyTaskFailed(workflowId: string, runId: string): Promise<string | undefined> {
    const { namespace } = this.#client.options;
    const { history } = await this.#client.workflowService.getWorkflowExecutionHistoryReverse({
      namespace,
      execution: { workflowId, runId },
      maximumPageSize: 5,
    });
    const failed = history?.events?.find(({ eventType }) => Number(eventType) === WORKFLOW_TASK_FAILED);
    const failure = failed?.workflowTaskFailedEventAttributes?.failure;
    return failure ? causeInWords(failure) : undefined;
  }

  async #lookAtQueue({ queue, kind }: DueInQueue, now: number): Promise<void> {
    const key = `queue/${kind}/${queue}`;
    const polled = await this.#lastPoll(queue, kind).catch(() => now);
    if (polled !== null && now - polled <= MAX_POLL_AGE_MS) {
      this.#told.delete(key);
      return;
    }
    this.#tell(
      key,
      polled === null
        ? `no worker polls the task queue ${queue} for ${kind} tasks: start one with \`tidegate worker\` or \`tidegate start\``
        : `no worker has polled the task queue ${queue} for ${kind} tasks since ${second(polled)} UTC: none runs, or all have as much work as they take`,
    );
  }

  /** When the queue was polled last, in milliseconds since 1970; null if no worker polls it. */
  async #lastPoll(queue: string, kind: DueInQueue['kind']): Promise<number | null> {
    const { pollers } = await this.#client.workflowService.describeTaskQueue({
      namespace: this.#client.options.namespace,
      taskQueue: { name: queue },
      taskQueueType: QUEUE_TYPE[kind],
    });
    const times = (pollers ?? []).map(({ lastAccessTime }) => tsToMs(lastAccessTime));
    return times.length === 0 ? null : Math.max(...times);
  }

  #tell(key: string, words: string): void {
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.#warn(`  ${words}`);
  }
}

const LOOK_EVERY_MS = 1_000;

/** Waits for an answer that a run is to give, and tells meanwhile what keeps the run from it. */
export async function tellingTroubles<Answer>(
  client: Client,
  workflowId: string,
  warn: Say,
  answer: Promise<Answer>,
): Promise<Answer> {
  const troubles = new RunTroubles(client, warn);
  const run = client.workflow.getHandle(workflowId);
  const end = new AbortController();
  const isDone = answer.then(
    () => end.abort(),
    () => end.abort(),
  );
  const looking = (async () => {
    while (!end.signal.aborted) {
      await Promise.race([
        delay(LOOK_EVERY_MS, undefined, { signal: end.signal }).catch(() => undefined),
        isDone,
      ]);
      if (end.signal.aborted) return;
      const description = await run.describe().catch(() => undefined);
      if (description && !end.signal.aborted) await troubles.look(description);
    }
  })();
  try {
    return await answer;
  } finally {
    end.abort();
    await looking;
  }
}
