// A whole week of waiting, on a server that skips time. In a file of its own, because skipping affects every test on the server.
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sideWorkerOptions, workerOptions } from '../../worker/options.ts';
import { type ReleaseInput } from '../../workflows/protocol/messages.ts';
import { type releaseWorkflow } from '../../workflows/index.ts';
import { timeSkippingServer } from '../helpers/time-skipping-server.ts';
import { CANDIDATE, fakeActivities } from './fake-activities.ts';
import { noticesOf } from './notices.ts';
import { workflowBundle } from '../../worker/workflow-bundle.ts';

const DAY_MS = 86_400_000;

// Event type numbers in Temporal's protocol.
const KEYWORD = 2;
const INT = 3;

let environment: TestWorkflowEnvironment;
beforeAll(async () => {
  environment = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: await timeSkippingServer() },
  });
  await environment.connection.operatorService.addSearchAttributes({
    namespace: 'default',
    searchAttributes: {
      TidegateModel: KEYWORD,
      TidegateStage: KEYWORD,
      TidegateOutcome: KEYWORD,
      TidegateVersion: INT,
    },
  });
});
afterAll(() => environment.teardown());

it('sends a reminder each day for a week, and then expires without a decision', async () => {
  const fakes = fakeActivities();
  const settings = {
    connection: environment.nativeConnection,
    namespace: 'default',
    taskQueue: 'a-week',
    activities: fakes.activities,
    workflowBundle: await workflowBundle(),
  };
  const worker = await Worker.create(workerOptions(settings));
  const sides = await Promise.all(sideWorkerOptions(settings).map((options) => Worker.create(options)));
  const sidesEnded = Promise.all(sides.map((side) => side.run()));
  const input: ReleaseInput = {
    model: 'patient',
    version: CANDIDATE,
    retrainId: 'patient/report-1',
    expiresAfterMs: 7 * DAY_MS,
    remindEveryMs: DAY_MS,
  };
  const startedAt = await environment.currentTimeMs();
  const result = await worker.runUntil(
    environment.client.workflow.execute<typeof releaseWorkflow>('releaseWorkflow', {
      workflowId: `release/patient/${CANDIDATE}`,
      taskQueue: 'a-week',
      args: [input],
    }),
  );
  expect(result).toMatchObject({ outcome: 'expired' });
  expect((await environment.currentTimeMs()) - startedAt).toBeGreaterThanOrEqual(7 * DAY_MS);
  const events = (await noticesOf(fakes, 8)).map(({ event }) => event);
  for (const side of sides) side.shutdown();
  await sidesEnded;
  expect(events).toEqual(['decided', 'pending', ...Array<string>(6).fill('reminder')]);
  expect(fakes.inputsOf('archiveCandidate')).toMatchObject([{ reason: 'expired' }]);
  expect(fakes.inputsOf('promote')).toEqual([]);
});
