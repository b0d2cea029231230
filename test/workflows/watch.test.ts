// watch/<model>/<version>: looks at a promoted version, alerts or rolls back, and leaves the release as it ended.
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import {
  approveSignal,
  decideUpdate,
  releaseStateQuery,
  watchStateQuery,
  workflowIds,
} from '../../workflows/protocol/messages.ts';
import { type watchWorkflow } from '../../workflows/index.ts';
import { eventually } from '../helpers/eventually.ts';
import { CANDIDATE, CHAMPION, fakeActivities, watchLook, watchPlan } from './fake-activities.ts';
import { gate } from './gate.ts';
import { decision, untilWaiting } from './pending-release.ts';
import { currentDetails, tagsOf } from './reading.ts';
import { useLoops } from './with-loops.ts';
import { noticesOf } from './notices.ts';

/** Looks one after the other, of which the last ends the watch. */
const looks = (...found: Parameters<typeof watchLook>[0][]) => {
  let next = 0;
  return async () => {
    const look = watchLook(found[Math.min(next, found.length - 1)]);
    next += 1;
    return next < found.length ? { ...look, waitMs: 1 } : look;
  };
};

describe.concurrent('a watch', () => {
  const withLoops = useLoops();

  it('begins after the outcome of the release is visible, and the release does not wait for its end', () => {
    const opening = gate();
    const fakes = fakeActivities({ openWatch: () => opening.pass().then(() => watchPlan()) });
    return withLoops(fakes, async ({ release, client, model }) => {
      const run = await release();
      await untilWaiting(run);
      const update = await run.executeUpdate(decideUpdate, { args: [decision()] });
      expect(update).toMatchObject({ accepted: true });
      expect(await run.result()).toMatchObject({ outcome: 'promoted' });
      const watch = client.workflow.getHandle<typeof watchWorkflow>(workflowIds.watch(model, CANDIDATE));
      await eventually(() => expect(fakes.inputsOf('openWatch')).toEqual([{ model, version: CANDIDATE }]));
      expect(await tagsOf(run)).toMatchObject({ stage: 'Production', outcome: 'promoted' });
      expect(await run.query(releaseStateQuery)).toMatchObject({ phase: 'closed', outcome: 'promoted' });
      expect(await watch.query(watchStateQuery)).toMatchObject({ outcome: null, endsAt: null });
      opening.open();
      expect(await watch.result()).toEqual({
        version: CANDIDATE,
        outcome: 'kept',
        summary: 'what was measured',
      });
      expect(await tagsOf(watch)).toEqual({ model, version: CANDIDATE, outcome: 'kept' });
    });
  });

  it('that fails changes nothing about the release or the champion', () => {
    const fakes = fakeActivities({
      openWatch: async () => {
        throw ApplicationFailure.nonRetryable('the evidence differs', 'EVIDENCE_CHANGED');
      },
    });
    return withLoops(fakes, async ({ release, client, model }) => {
      const run = await release();
      await untilWaiting(run);
      await run.signal(approveSignal, decision());
      expect(await run.result()).toMatchObject({ outcome: 'promoted' });
      const watch = client.workflow.getHandle(workflowIds.watch(model, CANDIDATE));
      await expect(watch.result()).rejects.toThrow('Workflow execution failed');
      expect(fakes.inputsOf('archiveCandidate')).toEqual([]);
      expect(fakes.inputsOf('closeWatch')).toMatchObject([
        { outcome: 'not measured', summary: 'the evidence differs' },
      ]);
      expect((await noticesOf(fakes, 2)).map(({ event }) => event)).toEqual(['decided', 'pending']);
      expect(await run.query(releaseStateQuery)).toMatchObject({ outcome: 'promoted' });
    });
  });

  it('alerts once for each broken rule, and goes on until its time is over', () => {
    const fakes = fakeActivities({
      openWatch: async () => watchPlan(),
      lookAtVersion: looks(
        { broken: ['errors'] },
        { broken: ['errors'] },
        { broken: ['errors', 'scores'] },
        {},
      ),
    });
    return withLoops(fakes, async ({ watch, model }) => {
      const run = await watch();
      expect(await run.result()).toMatchObject({ outcome: 'broken', summary: 'broken: errors, scores' });
      expect(await noticesOf(fakes, 2)).toMatchObject([
        { event: 'watch broken', model, version: CANDIDATE },
        { event: 'watch broken', message: 'version 2 breaks its watch (scores): what was measured' },
      ]);
      expect(fakes.inputsOf('rollBackWatched')).toEqual([]);
      expect(fakes.inputsOf('lookAtVersion')).toHaveLength(4);
      expect(await run.query(watchStateQuery)).toMatchObject({
        broken: ['errors', 'scores'],
        outcome: 'broken',
      });
    });
  });

  it('puts the earlier version back at once if the policy says so, and confirms that it is served', () => {
    const fakes = fakeActivities({
      openWatch: async () => watchPlan({ onBreach: 'roll back' }),
      lookAtVersion: looks({}, { broken: ['latency'] }, {}),
    });
    return withLoops(fakes, async ({ watch, model }) => {
      const run = await watch();
      expect(await run.result()).toMatchObject({ outcome: 'rolled back' });
      expect(fakes.inputsOf('rollBackWatched')).toEqual([
        { model, version: CANDIDATE, words: 'what was measured' },
      ]);
      expect(fakes.inputsOf('confirmServing')).toEqual([{ model, version: CHAMPION }]);
      expect((await noticesOf(fakes, 2)).map(({ event }) => event)).toEqual(['rolled back', 'watch broken']);
      expect(fakes.inputsOf('lookAtVersion')).toHaveLength(2);
    });
  });

  it('goes on watching if there is no version to go back to', () => {
    const fakes = fakeActivities({
      openWatch: async () => watchPlan({ onBreach: 'roll back' }),
      lookAtVersion: looks({ broken: ['latency'] }, {}),
      rollBackWatched: async () => {
        throw ApplicationFailure.nonRetryable('version 2 is the first', 'NO_ROLLBACK_TARGET');
      },
    });
    return withLoops(fakes, async ({ watch }) => {
      const run = await watch();
      expect(await run.result()).toMatchObject({ outcome: 'broken' });
      expect((await noticesOf(fakes, 2)).map(({ message }) => message)).toContain(
        'not rolled back: version 2 is the first',
      );
      expect(await currentDetails(run)).toContain('**not rolled back**');
    });
  });

  it('ends when the version leaves Production, and when the policy watches nothing', () => {
    const fakes = fakeActivities({
      openWatch: async ({ version }) => (version === CANDIDATE ? watchPlan() : null),
      lookAtVersion: looks({}, { isChampion: false, words: 'it is no longer in Production' }, {}),
    });
    return withLoops(fakes, async ({ watch }) => {
      const [left, off] = await Promise.all([watch(), watch({ version: 9 })]);
      expect(await left.result()).toMatchObject({ outcome: 'left Production' });
      expect(await off.result()).toMatchObject({ outcome: 'off' });
      expect(fakes.inputsOf('closeWatch')).toMatchObject([
        { version: CANDIDATE, outcome: 'left Production' },
      ]);
    });
  });

  it('that is cancelled ends at once and says so', () => {
    const fakes = fakeActivities({
      openWatch: async () => watchPlan({ waitMs: 600_000 }),
    });
    return withLoops(fakes, async ({ watch }) => {
      const run = await watch();
      await eventually(async () =>
        expect(await run.query(watchStateQuery)).not.toMatchObject({ endsAt: null }),
      );
      await run.cancel();
      await expect(run.result()).rejects.toThrow('Workflow execution cancelled');
      expect(fakes.inputsOf('closeWatch')).toMatchObject([{ outcome: 'cancelled' }]);
      expect(fakes.inputsOf('lookAtVersion')).toEqual([]);
      expect(await noticesOf(fakes, 0)).toEqual([]);
    });
  });
});
