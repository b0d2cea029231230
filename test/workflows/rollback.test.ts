// rollback/<model>: restores a version that was in Production.
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { fakeActivities } from './fake-activities.ts';
import { childrenOf } from './history.ts';
import { currentDetails, tagsOf } from './reading.ts';
import { useLoops } from './with-loops.ts';
import { noticesOf } from './notices.ts';

describe.concurrent('a rollback', () => {
  const withLoops = useLoops();

  it('swaps, sends a notification and confirms that the version is served', () => {
    const fakes = fakeActivities();
    return withLoops(fakes, async ({ rollback, model }) => {
      const run = await rollback({ toVersion: 1 });
      expect(await run.result()).toMatchObject({ from: 2, to: 1 });
      expect(fakes.inputsOf('rollBack')).toMatchObject([{ model, toVersion: 1, requestedBy: 'bob' }]);
      expect(fakes.inputsOf('confirmServing')).toEqual([{ model, version: 1 }]);
      expect(await noticesOf(fakes, 1)).toMatchObject([{ event: 'rolled back', version: 1 }]);
      expect(await tagsOf(run)).toEqual({ model, stage: 'Production', outcome: 'rolled back', version: 1 });
      expect(await currentDetails(run)).toContain('- 2 API instances serve it');
    });
  });

  it('starts no run for its notification if there is no target', () => {
    const fakes = fakeActivities({ announce: async () => false });
    return withLoops(fakes, async ({ rollback }) => {
      const run = await rollback({ toVersion: 1 });
      await run.result();
      expect(fakes.inputsOf('announce')).toMatchObject([{ event: 'rolled back', version: 1 }]);
      expect(childrenOf(await run.fetchHistory())).toEqual([]);
    });
  });

  it('stays in effect if an instance does not follow, and reports it', () => {
    const fakes = fakeActivities({
      confirmServing: async () => {
        throw ApplicationFailure.nonRetryable('instance b answers with version 2');
      },
    });
    return withLoops(fakes, async ({ rollback }) => {
      const run = await rollback();
      expect(await run.result()).toMatchObject({ from: 2, to: 1 });
      expect((await noticesOf(fakes, 2)).map(({ event }) => event)).toEqual([
        'rolled back',
        'serving not confirmed',
      ]);
    });
  });

  it('fails with a notification if there is no version to go back to', () => {
    const fakes = fakeActivities({
      rollBack: async () => {
        throw ApplicationFailure.nonRetryable('version 1 is the first', 'NO_ROLLBACK_TARGET');
      },
    });
    return withLoops(fakes, async ({ rollback }) => {
      const run = await rollback();
      await expect(run.result()).rejects.toThrow('Workflow execution failed');
      expect(await noticesOf(fakes, 1)).toMatchObject([
        { event: 'failed', message: 'version 1 is the first' },
      ]);
      expect(fakes.inputsOf('confirmServing')).toEqual([]);
      expect(await tagsOf(run)).toMatchObject({ outcome: 'failed' });
    });
  });
});
