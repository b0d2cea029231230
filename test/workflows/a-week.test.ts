// A whole week of waiting, on a server that skips over it. Alone in its file: skipped time is skipped for everyone.
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { workerOptions } from '../../worker/options.ts';
import { type ReleaseInput } from '../../workflows/contracts.ts';
import { type releaseWorkflow } from '../../workflows/index.ts';
import { timeSkippingServer } from '../helpers/time-skipping-server.ts';
import { CANDIDATE, fakeActivities } from './fake-activities.ts';
import { workflowBundlePath } from './workflow-bundle.ts';

const DAY_MS = 86_400_000;

// Numbers of the types in Temporal's protocol.
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

it('reminds each day of a week and then expires, without anybody having decided', async () => {
  const fakes = fakeActivities();
  const worker = await Worker.create(
    workerOptions({
      connection: environment.nativeConnection,
      namespace: 'default',
      taskQueue: 'a-week',
      activities: fakes.activities,
      workflowBundlePath: await workflowBundlePath(),
    }),
  );
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
  const events = fakes.inputsOf('notify').map(({ event }) => event);
  expect(events).toEqual(['pending', ...Array<string>(6).fill('reminder'), 'decided']);
  expect(fakes.inputsOf('archiveCandidate')).toMatchObject([{ reason: 'expired' }]);
  expect(fakes.inputsOf('promote')).toEqual([]);
});
