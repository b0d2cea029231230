// What is read of a run's description: attempts that failed, what is due in which queue, and a workflow that fails itself.
import { type Client } from '@temporalio/client';
import { msNumberToTs } from '@temporalio/common/lib/time.js';
import { expect, test } from 'vitest';
import {
  dueInQueues,
  failedAttempts,
  type RunDescription,
  RunTroubles,
} from '../../../cli/runs/run-troubles.ts';

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

test('says of a failed attempt what failed, why, and when the next is due', () => {
  expect(words({})).toBe(
    'freezeWindow failed at attempt 2 of 15: UNKNOWN_COLUMN: no column hours; ' +
      'attempt 3 is due at 2024-02-29 06:00:08 UTC, in 8 s',
  );
  expect(words({ nextAttemptScheduleTime: msNumberToTs(NOW - 1_000) })).toMatch(
    /attempt 3 is due and waits for a worker$/,
  );
  expect(words({ state: 2 })).toMatch(/attempt 3 runs$/);
  expect(words({ maximumAttempts: 0 })).toMatch(/^freezeWindow failed at attempt 2: /);
  const silent = { message: 'activity Heartbeat timeout', timeoutFailureInfo: { timeoutType: 4 } };
  expect(words({ lastFailure: silent })).toContain(
    'activity Heartbeat timeout, its worker died, was stopped or is stuck',
  );
  const wrapped = {
    message: 'it broke',
    applicationFailureInfo: { type: 'Error' },
    cause: { message: 'a\nb' },
  };
  expect(words({ lastFailure: wrapped })).toContain('attempt 2 of 15: it broke (a b); ');
  expect(words({ attempt: 1, lastFailure: null })).toBeUndefined();
});

test('finds what is due in which queue, and since when', () => {
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

/** A server whose history ends with a failed task, and whose queue was polled when `polled` says. */
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

async function toldBy(client: Client, raw: object, times = 1): Promise<string[]> {
  const told: string[] = [];
  const troubles = new RunTroubles(client, (text) => void told.push(text));
  for (let look = 0; look < times; look += 1) await troubles.look(described(raw));
  return told;
}

test('a workflow whose own code fails is told with the cause, once an attempt', async () => {
  const task = { pendingWorkflowTask: { state: 2, attempt: 4 } };
  expect(await toldBy(clientWith([]), task, 3)).toEqual([
    '  the workflow itself failed at attempt 3 of its task: no such activity; ' +
      'Temporal makes the next attempt until it succeeds',
  ]);
});

test('a queue is told of where nobody polls it, and not where a worker does or it cannot be looked at', async () => {
  const waits = {
    pendingWorkflowTask: { state: 1, attempt: 1, scheduledTime: msNumberToTs(Date.now() - 60_000) },
  };
  expect(await toldBy(clientWith([]), waits, 2)).toEqual([
    expect.stringContaining('no worker polls the task queue tidegate for workflow tasks'),
  ]);
  expect(await toldBy(clientWith([Date.now() - 120_000]), waits)).toEqual([
    expect.stringContaining('no worker has polled the task queue tidegate for workflow tasks since '),
  ]);
  expect(await toldBy(clientWith([Date.now()]), waits)).toEqual([]);
  expect(await toldBy(clientWith(new Error('no permission')), waits)).toEqual([]);
});
