// What is read from a run's description: failed attempts, tasks that wait in a queue, and failing workflow code.
import { type Client } from '@temporalio/client';
import { msNumberToTs } from '@temporalio/common/lib/time.js';
import { expect, test } from 'vitest';
import {
  dueInQueues,
  failedAttempts,
  type RunDescription,
  RunTroubles,
} from '../../../operations/run-troubles.ts';

const NOW = Date.UTC(2024, 1, 29, 6);
const described = (raw: object): RunDescription => ({
  workflowId: 'monitor/churn',
  runId: 'r',
  taskQueue: 'tidegate',
  raw: raw,
});
const pending = (changes: object) =>
  described({
    pendingActivities: [
      {
        activityId: '3',
        activityType: { name: 'freezeWindow' },
        attempt: 3,
        maximumAttempts: 15,
        state: 1,
        nextAttemptScheduleTime: msNumberToTs(NOW + 8_000),
        lastFailure: { message: 'no column hours', applicationFailureInfo: { type: 'UNKNOWN_COLUMN' } },
        ...changes,
      },
    ],
  });
const words = (changes: object): string | undefined => failedAttempts(pending(changes), NOW)[0]?.words;

test('describes a failed attempt: the step, its error, and when the next attempt is due', () => {
  expect(words({})).toBe(
    'freezeWindow failed at attempt 2 of 15: UNKNOWN_COLUMN: no column hours; ' +
      'attempt 3 is due at 2024-02-29 06:00:08 UTC, in 8 s',
  );
  expect(words({ nextAttemptScheduleTime: msNumberToTs(NOW - 1_000) })).toMatch(
    /attempt 3 is due and waits for a worker$/,
  );
  expect(words({ state: 2 })).toMatch(/attempt 3 is running$/);
  expect(words({ maximumAttempts: 0 })).toMatch(/^freezeWindow failed at attempt 2: /);
  const silent = { message: 'activity Heartbeat timeout', timeoutFailureInfo: { timeoutType: 4 } };
  expect(words({ lastFailure: silent })).toContain(
    'activity Heartbeat timeout; its worker has died, was stopped or is stuck',
  );
  const wrapped = {
    message: 'it broke',
    applicationFailureInfo: { type: 'Error' },
    cause: { message: 'a\nb' },
  };
  expect(words({ lastFailure: wrapped })).toContain('attempt 2 of 15: it broke (a b); ');
  expect(words({ attempt: 1, lastFailure: null })).toBeUndefined();
});

test('finds the queues in which a task waits, and since when', () => {
  const options = { taskQueue: { name: 'tidegate-parts' } };
  const due = {
    nextAttemptScheduleTime: null,
    scheduledTime: msNumberToTs(NOW - 9_000),
    activityOptions: options,
  };
  expect(dueInQueues(pending(due), NOW)).toEqual([
    { queue: 'tidegate-parts', kind: 'activity', since: NOW - 9_000 },
  ]);
  expect(dueInQueues(pending({}), NOW)).toEqual([]);
  expect(dueInQueues(pending({ ...due, state: 2 }), NOW)).toEqual([]);
  const task = { pendingWorkflowTask: { state: 1, scheduledTime: msNumberToTs(NOW - 3_000), attempt: 1 } };
  expect(dueInQueues(described(task), NOW)).toEqual([
    { queue: 'tidegate', kind: 'workflow', since: NOW - 3_000 },
  ]);
});

/** A server whose history ends with a failed task and whose queue was polled at the given times. */
const clientWith = (polled: number[] | Error): Client =>
  ({
    options: { namespace: 'default' },
    workflowService: {
      getWorkflowExecutionHistoryReverse: () =>
        Promise.resolve({
          history: {
            events: [
              {
                eventType: 9,
                workflowTaskFailedEventAttributes: { failure: { message: 'no such activity' } },
              },
            ],
          },
        }),
      describeTaskQueue: () =>
        polled instanceof Error
          ? Promise.reject(polled)
          : Promise.resolve({ pollers: polled.map((ms) => ({ lastAccessTime: msNumberToTs(ms) })) }),
    },
  }) as unknown as Client;

async function reportsOf(client: Client, raw: object, times = 1): Promise<string[]> {
  const reports: string[] = [];
  const troubles = new RunTroubles(client, (text) => void reports.push(text));
  for (let look = 0; look < times; look += 1) await troubles.look(described(raw));
  return reports;
}

test('reports failing workflow code with its cause, once per attempt', async () => {
  const task = { pendingWorkflowTask: { state: 2, attempt: 4 } };
  expect(await reportsOf(clientWith([]), task, 3)).toEqual([
    '  the workflow code failed at attempt 3 of its task: no such activity; ' +
      'Temporal retries the task until it succeeds',
  ]);
});

test('reports a queue that no worker polls, but not one that is polled or cannot be checked', async () => {
  const waits = {
    pendingWorkflowTask: { state: 1, attempt: 1, scheduledTime: msNumberToTs(Date.now() - 60_000) },
  };
  expect(await reportsOf(clientWith([]), waits, 2)).toEqual([
    expect.stringContaining('no worker polls the task queue tidegate for workflow tasks'),
  ]);
  expect(await reportsOf(clientWith([Date.now() - 120_000]), waits)).toEqual([
    expect.stringContaining('no worker has polled the task queue tidegate for workflow tasks since '),
  ]);
  expect(await reportsOf(clientWith([Date.now()]), waits)).toEqual([]);
  expect(await reportsOf(clientWith(new Error('no permission')), waits)).toEqual([]);
});
