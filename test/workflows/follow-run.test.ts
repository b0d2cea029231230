// What a command prints while it waits for a run: failed attempts with their cause and the next attempt, and that no worker is running.
import { randomUUID } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import { expect, inject, it } from 'vitest';
import { Client, Connection } from '@temporalio/client';
import { followMonitor } from '../../operations/follow-to-approval.ts';
import { followRun } from '../../operations/follow-run.ts';
import { workflowTypes } from '../../workflows/protocol/messages.ts';
import { eventually } from '../helpers/eventually.ts';
import { fakeActivities } from './fake-activities.ts';
import { useLoops } from './with-loops.ts';

const withLoops = useLoops();

it('prints each failed attempt once, with its cause and when the next is due', () => {
  let attempts = 0;
  const { activities: healthy } = fakeActivities();
  const fakes = fakeActivities({
    measureDrift: async (input) => {
      attempts += 1;
      if (attempts > 2) return healthy.measureDrift(input);
      throw ApplicationFailure.create({ type: 'DATABASE_UNREACHABLE', message: `no route, try ${attempts}` });
    },
  });
  return withLoops(fakes, async ({ client, monitor }) => {
    const [steps, warnings]: [string[], string[]] = [[], []];
    const say = (text: string): void => void steps.push(text);
    const warn = (text: string): void => void warnings.push(text);
    const { reportId } = await followMonitor({ client }, await monitor(), say, warn);
    expect(reportId).toBe(7);
    const attempt = (number: number): RegExp =>
      new RegExp(
        `^  measureDrift failed at attempt ${number} of 15: DATABASE_UNREACHABLE: no route, try ${number}; ` +
          `attempt ${number + 1} (is due at \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d UTC, in \\d+ s|is due and waits for a worker|is running)$`,
      );
    expect(warnings).toEqual([expect.stringMatching(attempt(1)), expect.stringMatching(attempt(2))]);
    expect(steps).toContain('  measuring drift …');
  });
});

it('prints that no worker polls the queue, and does not wait for a query that nobody answers', async () => {
  const connection = await Connection.connect({ address: inject('temporalAddress') });
  const client = new Client({ connection });
  const taskQueue = `nobody-${randomUUID()}`;
  const run = await client.workflow.start(workflowTypes.monitor, {
    workflowId: `monitor/${taskQueue}`,
    taskQueue,
    args: [{ model: 'nobody' }],
  });
  const told: string[] = [];
  const following = followRun({
    client,
    run,
    look: () => Promise.resolve(undefined),
    step: () => new Promise<string>(() => undefined),
    say: (text) => void told.push(text),
  });
  const ended = following.catch((error: unknown) => error);
  await eventually(() =>
    expect(told).toEqual([
      `  no worker polls the task queue ${taskQueue} for workflow tasks: start one with \`tidegate worker\` or \`tidegate start\``,
    ]),
  );
  await run.terminate();
  expect(await ended).toMatchObject({ name: 'WorkflowFailedError' });
  await connection.close();
});
