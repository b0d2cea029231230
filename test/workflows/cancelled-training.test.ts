// A retrain that is cancelled from outside during training: its thread ends with it and does not run to the end.
import { cancellationSignal, heartbeat } from '@temporalio/activity';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { ComputePool } from '../../activities/compute/pool.ts';
import { eventually } from '../helpers/eventually.ts';
import { fakeActivities } from './fake-activities.ts';
import { useLoops } from './with-loops.ts';

/** Two seconds are required; the rest allows for a machine that is busy with other tests. */
const SOON = { within: 5_000 };

const endless = new ComputePool({
  entry: new URL('../unit/compute/threads/spin.mjs', import.meta.url),
  size: 1,
});

const withLoops = useLoops();

it('ends the training thread soon after a cancellation like that of the Temporal UI', () => {
  // A thread that never finishes, with a counter that the test can watch.
  const counter = new Int32Array(new SharedArrayBuffer(4));
  const counts = async (): Promise<boolean> => {
    const before = Atomics.load(counter, 0);
    for (let turns = 0; turns < 1_000; turns += 1) await turn();
    return Atomics.load(counter, 0) !== before;
  };
  const fakes = fakeActivities({
    trainCandidate: async () => {
      const follow = {
        signal: cancellationSignal(),
        onProgress: (fraction: number) => heartbeat({ trained: fraction }),
      };
      return (await endless.run('endless', { counter }, follow)) as never;
    },
  });
  return withLoops(fakes, async ({ client, retrain }) => {
    const run = await retrain({ retrainId: 'endless' });
    await eventually(async () => expect(await counts()).toBe(true));
    // Cancel just after a heartbeat, so that any throttling delays the next one as long as possible.
    await eventually(async () => {
      const { raw } = await run.describe();
      expect(raw.pendingActivities?.[0]?.lastHeartbeatTime ?? null).not.toBeNull();
    });
    await client.workflow.getHandle(run.workflowId).cancel();
    await eventually(async () => expect((await run.describe()).status.name).toBe('CANCELLED'), SOON);
    expect(await counts()).toBe(false);
    expect(fakes.inputsOf('closeRetrain')).toMatchObject([{ retrainId: 'endless', outcome: 'cancelled' }]);
    expect(fakes.inputsOf('compareWithChampion')).toEqual([]);
  });
});
