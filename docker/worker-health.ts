// Health check of a worker container: succeeds if the worker on this host polls its task queue.
import { hostname } from 'node:os';
import { type Client } from '@temporalio/client';
import { readConfig } from '../cli/shared/config.ts';
import { withClient } from '../cli/shared/connections.ts';
import { findEndpoints } from '../cli/shared/endpoints.ts';

// A poll without work lasts a minute. The server lists pollers for five minutes after their last poll.
const SILENT_MS = 90_000;
const WORKFLOW_TASKS = 1;

const config = readConfig(process.env);
const { temporal } = await findEndpoints(config);
const polling = await withClient(temporal, (client) =>
  isPolledFrom(client, temporal.namespace, config.taskQueue, hostname()),
);
process.stdout.write(`${hostname()} ${polling ? 'polls' : 'does not poll'} ${config.taskQueue}\n`);
process.exitCode = polling ? 0 : 1;

/** Whether a worker on `host` has asked for workflow tasks within the last minute and a half. */
async function isPolledFrom(
  client: Client,
  namespace: string,
  taskQueue: string,
  host: string,
): Promise<boolean> {
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: taskQueue },
    taskQueueType: WORKFLOW_TASKS,
  });
  return (pollers ?? []).some(({ identity, lastAccessTime }) => {
    const seenAt = Number(lastAccessTime?.seconds ?? 0) * 1_000;
    return identity?.endsWith(`@${host}`) === true && seenAt > Date.now() - SILENT_MS;
  });
}
