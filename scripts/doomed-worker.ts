// A worker that never finishes training. It starts a retrain and sends a message when training begins; its parent process
// then kills it: `doomed-worker.ts <address> <task queue> <model>`.
import { setTimeout as delay } from 'node:timers/promises';
import { fakeActivities } from '../test/workflows/fake-activities.ts';
import { hostLoops } from '../test/workflows/loops.ts';

const [address = '', taskQueue = '', model = ''] = process.argv.slice(2);

const fakes = fakeActivities({
  trainCandidate: async () => {
    process.send?.('training');
    for (;;) await delay(1_000);
  },
});
const host = await hostLoops({ address, taskQueue, identity: 'doomed' });
await host.modelWith(fakes, model).retrain({});
