// Records the workflow histories of test/replay again: `npm run histories`, or `npm run histories -- <name>…` for some of
// them. Never edit the histories by hand.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type WorkflowHandle } from '@temporalio/client';
import { freePort } from '../cli/local/processes/free-port.ts';
import { startTemporal } from '../cli/local/temporal.ts';
import { searchAttributeKinds } from '../worker/search-attributes.ts';
import { historyToJson } from '../test/replay/history-json.ts';
import { scenarios } from '../test/replay/scenarios.ts';
import { fakeActivities } from '../test/workflows/fake-activities.ts';
import { hostLoops, type LoopsHost } from '../test/workflows/loops.ts';
import '../test/helpers/quiet-runtime.ts';
import { workflowIds } from '../workflows/protocol/messages.ts';

type Run = Pick<WorkflowHandle, 'workflowId' | 'result' | 'fetchHistory'>;

const histories = fileURLToPath(new URL('../test/replay/histories/', import.meta.url));
// Histories contain the identity of clients and workers; the default would be the name of this machine.
const identity = 'recorder';

async function record(name: string, run: Run): Promise<void> {
  // Runs that fail or are cancelled are recorded too.
  await run.result().catch(() => undefined);
  const recorded = { workflowId: run.workflowId, history: historyToJson(await run.fetchHistory()) };
  await writeFile(join(histories, `${name}.json`), `${JSON.stringify(recorded, null, 1)}\n`);
  console.log(`recorded ${name}`);
}

/** Kills the worker of the first training attempt with SIGKILL; another worker makes the second attempt. */
async function killedDuringTraining(address: string): Promise<{ host: LoopsHost; run: Run }> {
  const [taskQueue, model] = ['left-behind', 'orphan'];
  const script = fileURLToPath(new URL('doomed-worker.ts', import.meta.url));
  const worker = fork(script, [address, taskQueue, model], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  await once(worker, 'message');
  worker.kill('SIGKILL');
  await once(worker, 'exit');
  const host = await hostLoops({ address, taskQueue, identity });
  host.modelWith(fakeActivities(), model);
  return { host, run: host.client.workflow.getHandle(workflowIds.retrain(model)) };
}

const folder = await mkdtemp(join(tmpdir(), 'tidegate-histories-'));
const temporal = await startTemporal({
  dataDir: folder,
  port: await freePort(),
  searchAttributes: searchAttributeKinds,
  durable: false,
  log: () => undefined,
});
const KILLED = 'worker-killed-during-training';
const named = process.argv.slice(2);
const isWanted = (name: string): boolean => named.length === 0 || named.includes(name);
try {
  if (named.length === 0) await rm(histories, { recursive: true, force: true });
  await mkdir(histories, { recursive: true });
  const killed = isWanted(KILLED) ? await killedDuringTraining(temporal.address) : undefined;
  const host = await hostLoops({ address: temporal.address, identity });
  for (const scenario of scenarios()) {
    if (!isWanted(scenario.name)) continue;
    await record(scenario.name, await scenario.play(host.modelWith(scenario.fakes)));
  }
  await host.stop();
  if (killed) {
    await record(KILLED, killed.run);
    await killed.host.stop();
  }
} finally {
  await temporal.stop();
  await rm(folder, { recursive: true, force: true });
}
