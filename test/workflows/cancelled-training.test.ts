// A retrain that is cancelled from outside while it trains: the thread ends with it, not when it would have been ready.
import { cancellationSignal, heartbeat } from '@temporalio/activity';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { ComputePool } from '../../activities/compute/pool.ts';
import { eventually } from '../helpers/eventually.ts';
import { fakeActivities } from './fake-activities.ts';
import { useLoops } from './with-loops.ts';

/** Two seconds are asked for; the rest is for a machine that is busy with other tests. */
const SOON = { within: 5_000 };

const endless = new ComputePool({
  entry: new URL('../unit/compute/threads/spin.mjs', import.meta.url),
  size: 1,
});

const withLoops = useLoops();

it('ends the training thread soon after a cancellation as the Temporal UI sends it', () => {
  // A thread that would never be ready, counting where it can be watched.
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
    // Just after the server heard of it: whatever holds heartbeats back holds back the next for its whole length.
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
