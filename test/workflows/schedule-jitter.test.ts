// With jitter a scheduled run starts late, and still uses its scheduled time.
import { randomUUID } from 'node:crypto';
import { Client, Connection, ScheduleOverlapPolicy, type ScheduleOptions } from '@temporalio/client';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { putSchedule } from '../../operations/schedule.ts';
import { eventually } from '../helpers/eventually.ts';

const SECOND = 1_000;
const scheduled = defineSearchAttributeKey('TemporalScheduledStartTime', SearchAttributeType.DATETIME);
const scheduleId = `jitter-${randomUUID()}`;
const installation = { id: randomUUID(), adopted: [] };
let connection: Connection;
let client: Client;

beforeAll(async () => {
  connection = await Connection.connect({ address: inject('temporalAddress') });
  client = new Client({ connection });
});
afterAll(async () => {
  await client.schedule.getHandle(scheduleId).delete();
  await connection.close();
});

it('uses its scheduled time to the second, however late it started', async () => {
  const options: ScheduleOptions = {
    scheduleId,
    spec: { intervals: [{ every: 2 * SECOND }] },
    // No worker polls, so the runs do not progress.
    action: {
      type: 'startWorkflow',
      workflowType: 'monitorWorkflow',
      taskQueue: scheduleId,
      workflowExecutionTimeout: 60 * SECOND,
    },
    policies: { overlap: ScheduleOverlapPolicy.ALLOW_ALL },
  };
  await putSchedule(client, options, installation);
  // As `apply` updates a schedule that was created before jitter was introduced.
  await putSchedule(client, { ...options, spec: { ...options.spec, jitter: 1.9 * SECOND } }, installation);
  const handle = client.schedule.getHandle(scheduleId);
  const late = await eventually(
    async () => {
      const { info } = await handle.describe();
      const found = info.recentActions.filter(
        ({ takenAt }) => takenAt.getTime() % (2 * SECOND) > 100 && takenAt.getTime() % (2 * SECOND) < 1_950,
      );
      expect(found.length).toBeGreaterThanOrEqual(2);
      return found;
    },
    { within: 60_000, every: 200 },
  );
  for (const { action } of late) {
    const { workflowId, firstExecutionRunId } = action.workflow;
    const { typedSearchAttributes } = await client.workflow
      .getHandle(workflowId, firstExecutionRunId)
      .describe();
    expect(typedSearchAttributes.get(scheduled)!.getTime() % (2 * SECOND)).toBe(0);
  }
});
