// retrain/<model>: trains, compares and decides, one request after the other.
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { retrainRequestedSignal, retrainStateQuery } from '../../workflows/protocol/messages.ts';
import { eventually } from '../helpers/eventually.ts';
import { CANDIDATE, type FakeActivities, fakeActivities, FAILED, failingFor } from './fake-activities.ts';
import { gate } from './gate.ts';
import { isCancelRequested } from './history.ts';
import { retrainRequest } from './loops.ts';
import { currentDetails, tagsOf } from './reading.ts';
import { useLoops } from './with-loops.ts';
import { noticesOf } from './notices.ts';

const refused = {
  promote: false,
  outcome: 'not better',
  reason: 'not surely better by 0.01',
  summary: 'refused (not better): not surely better by 0.01',
} as const;
const candidate = { version: CANDIDATE, words: 'trained version 2' };

describe.concurrent('a retrain run', () => {
  const withLoops = useLoops();

  it('stages a candidate that passed and starts its release', () => {
    const fakes = fakeActivities();
    return withLoops(fakes, async ({ retrain, model }) => {
      const run = await retrain({});
      const retrainId = `${model}/report-7`;
      expect(await run.result()).toMatchObject([{ retrainId, outcome: 'staged', version: CANDIDATE }]);
      expect(fakes.inputsOf('startRelease')).toEqual([{ retrainId, superseded: null }]);
      // Its online rows are complete before it moves to Staging.
      const steps = fakes.calls.map(({ name }) => name);
      expect(fakes.inputsOf('materializeOnline')).toEqual([{ model, version: CANDIDATE }]);
      expect(steps.indexOf('stageCandidate')).toBe(steps.indexOf('materializeOnline') + 1);
      expect(fakes.inputsOf('closeRetrain')).toMatchObject([{ retrainId, outcome: 'staged' }]);
      expect(fakes.inputsOf('archiveCandidate')).toEqual([]);
      expect(await tagsOf(run)).toEqual({ model, stage: 'Staging', outcome: 'staged', version: CANDIDATE });
    });
  });

  it('judges all recipes of the plan concurrently before it trains', () => {
    const judging = gate();
    const fakes: FakeActivities = fakeActivities({
      planTraining: async () => ({ recipes: 3, words: '3 recipes to choose from' }),
      // The last one to be judged, whichever it is, because a worker takes one at a time.
      judgeRecipe: async () => (fakes.inputsOf('judgeRecipe').length === 3 ? judging.pass() : undefined),
    });
    return withLoops(fakes, async ({ retrain, model }) => {
      const run = await retrain({});
      await eventually(async () =>
        expect(await run.query(retrainStateQuery)).toMatchObject({ step: 'judging recipes: 2 of 3' }),
      );
      expect(fakes.inputsOf('trainCandidate')).toEqual([]);
      judging.open();
      await run.result();
      const retrainId = `${model}/report-7`;
      const inputs = fakes.inputsOf('judgeRecipe').toSorted((a, b) => a.recipe - b.recipe);
      expect(inputs).toEqual([0, 1, 2].map((recipe) => ({ retrainId, recipe })));
      const steps = fakes.calls.map(({ name }) => name);
      expect(steps.indexOf('trainCandidate')).toBeGreaterThan(steps.lastIndexOf('judgeRecipe'));
      expect(await currentDetails(run)).toContain('- 3 recipes to choose from');
    });
  });

  it('judges nothing if the plan has one recipe', () => {
    const fakes = fakeActivities();
    return withLoops(fakes, async ({ retrain }) => {
      await (await retrain({})).result();
      expect(fakes.inputsOf('planTraining')).toHaveLength(1);
      expect(fakes.inputsOf('judgeRecipe')).toEqual([]);
    });
  });

  it('passes the superseded version to the release', () => {
    const fakes = fakeActivities({ stageCandidate: async () => ({ staged: true, superseded: 1 }) });
    return withLoops(fakes, async ({ retrain }) => {
      const run = await retrain({});
      await run.result();
      expect(fakes.inputsOf('startRelease')).toMatchObject([{ superseded: 1 }]);
      expect(await currentDetails(run)).toContain('- superseded version 1');
    });
  });

  it('trains nothing on a window whose features seem to leak the label, and names them', () => {
    const reason = 'closed_reason alone separates the classes without an error';
    const fakes = fakeActivities({
      checkLeaks: async () => ({
        words: `LEAK_SUSPECTED among 14 features on 5500 training rows: ${reason}`,
        refused: { code: 'LEAK_SUSPECTED', reason },
      }),
    });
    return withLoops(fakes, async ({ retrain, model }) => {
      const run = await retrain({});
      const retrainId = `${model}/report-7`;
      expect(await run.result()).toEqual([
        {
          retrainId,
          outcome: 'refused',
          version: null,
          summary: `refused before training: LEAK_SUSPECTED: ${reason}`,
        },
      ]);
      expect(fakes.inputsOf('trainCandidate')).toEqual([]);
      expect(fakes.inputsOf('archiveCandidate')).toEqual([]);
      expect(fakes.inputsOf('closeRetrain')).toMatchObject([
        { retrainId, outcome: 'refused', reason: `LEAK_SUSPECTED: ${reason}` },
      ]);
      expect(await noticesOf(fakes, 1)).toMatchObject([
        { event: 'leak suspected', version: null, message: reason },
      ]);
      expect(await currentDetails(run)).toContain(`LEAK_SUSPECTED among 14 features`);
      expect(await tagsOf(run)).toMatchObject({ model, outcome: 'refused' });
    });
  });

  it('continues to its decision if judgements fail permanently, and records each as failed', () => {
    const fakes = fakeActivities({
      checkLeaks: failingFor({ words: 'the leak check failed', refused: null }),
      planTraining: async () => ({ recipes: 2, words: '2 recipes to choose from' }),
      judgeRecipe: failingFor(undefined),
      judgeTemporalHoldout: async () => {
        throw ApplicationFailure.nonRetryable('no trees worker took the fit', 'TREES_WORKER_MISSING');
      },
      decidePromotion: async () => refused,
    });
    return withLoops(fakes, async ({ retrain, model }) => {
      const run = await retrain({});
      const retrainId = `${model}/report-7`;
      expect(await run.result()).toMatchObject([{ outcome: 'refused' }]);
      expect(fakes.inputsOf('checkLeaks')).toEqual([{ retrainId }, { retrainId, failed: FAILED }]);
      expect(fakes.inputsOf('judgeRecipe')).toHaveLength(4);
      expect(fakes.inputsOf('judgeRecipe')).toContainEqual({ retrainId, recipe: 1, failed: FAILED });
      expect(fakes.inputsOf('compareWithChampion')).toEqual([
        {
          retrainId,
          outOfTimeFailed: { code: 'TREES_WORKER_MISSING', reason: 'no trees worker took the fit' },
        },
      ]);
      expect(await currentDetails(run)).toContain('- the leak check failed');
    });
  });

  it('passes the result of the temporal holdout to the comparison', () => {
    const fakes = fakeActivities();
    return withLoops(fakes, async ({ retrain, model }) => {
      await (await retrain({})).result();
      const retrainId = `${model}/report-7`;
      const outOfTime = { judged: false, due: false, reason: 'the evaluation rows have one row time' };
      expect(fakes.inputsOf('compareWithChampion')).toEqual([{ retrainId, outOfTime }]);
    });
  });

  it('trains nothing if the leak check could not be made, and reports it', () => {
    const reason = 'the judgement "leak check" was due and could not be made';
    const fakes = fakeActivities({
      checkLeaks: failingFor({ words: reason, refused: { code: 'JUDGEMENT_FAILED' as const, reason } }),
    });
    return withLoops(fakes, async ({ retrain }) => {
      const run = await retrain({});
      expect(await run.result()).toMatchObject([
        {
          outcome: 'refused',
          version: null,
          summary: `refused before training: JUDGEMENT_FAILED: ${reason}`,
        },
      ]);
      expect(fakes.inputsOf('trainCandidate')).toEqual([]);
      expect(await noticesOf(fakes, 1)).toMatchObject([{ event: 'judgement failed', message: reason }]);
    });
  });

  it('refuses a candidate that could not be compared, and sends a notification', () => {
    const words = 'the judgement "comparison" was due and could not be made';
    const fakes = fakeActivities({ compareWithChampion: failingFor({ words, failed: true as const }) });
    return withLoops(fakes, async ({ retrain, model }) => {
      const run = await retrain({});
      const summary = `candidate v${CANDIDATE} refused (judgement failed): ${words}`;
      const retrainId = `${model}/report-7`;
      expect(await run.result()).toEqual([{ retrainId, outcome: 'refused', version: CANDIDATE, summary }]);
      expect(fakes.inputsOf('archiveCandidate')).toEqual([
        { model, version: CANDIDATE, reason: 'refused', detail: words },
      ]);
      expect(fakes.inputsOf('closeRetrain')).toMatchObject([{ outcome: 'refused', reason: words, summary }]);
      expect(fakes.inputsOf('decidePromotion')).toEqual([]);
      expect(await noticesOf(fakes, 1)).toMatchObject([
        { event: 'judgement failed', version: CANDIDATE, message: words },
      ]);
      expect(await tagsOf(run)).toMatchObject({ stage: 'Archived', outcome: 'refused' });
    });
  });

  it('archives a refused candidate with the reason and releases nothing', () => {
    const fakes = fakeActivities({ decidePromotion: async () => refused });
    return withLoops(fakes, async ({ retrain, model }) => {
      const run = await retrain({});
      expect(await run.result()).toMatchObject([{ outcome: 'refused', summary: refused.summary }]);
      expect(fakes.inputsOf('archiveCandidate')).toEqual([
        { model, version: CANDIDATE, reason: 'refused', detail: refused.reason },
      ]);
      expect(fakes.inputsOf('materializeOnline')).toEqual([]);
      expect(fakes.inputsOf('stageCandidate')).toEqual([]);
      expect(fakes.inputsOf('startRelease')).toEqual([]);
      expect(await tagsOf(run)).toMatchObject({ stage: 'Archived', outcome: 'refused' });
      const details = await currentDetails(run);
      expect(details).toContain(`**not better**: ${refused.reason}`);
      expect(details).toContain(`\n\n${refused.summary}`);
    });
  });

  it('skips a candidate if the policy keeps the one that is waiting', () => {
    const fakes = fakeActivities({ stageCandidate: async () => ({ staged: false, superseded: null }) });
    return withLoops(fakes, async ({ retrain }) => {
      expect(await (await retrain({})).result()).toMatchObject([{ outcome: 'skipped' }]);
      expect(fakes.inputsOf('archiveCandidate')).toMatchObject([{ version: CANDIDATE, reason: 'refused' }]);
      expect(fakes.inputsOf('startRelease')).toEqual([]);
    });
  });

  it('works through two requests one after the other', () => {
    const training = gate();
    const fakes = fakeActivities({ trainCandidate: () => training.pass().then(() => candidate) });
    return withLoops(fakes, async ({ retrain }) => {
      const run = await retrain({ retrainId: 'first' }, { retrainId: 'second' });
      await eventually(async () => {
        expect(await run.query(retrainStateQuery)).toMatchObject({
          retrainId: 'first',
          step: 'training',
          waiting: 1,
        });
      });
      training.open();
      expect(await run.result()).toMatchObject([{ retrainId: 'first' }, { retrainId: 'second' }]);
      const order = fakes.calls.map(({ name }) => name);
      expect(order.indexOf('closeRetrain')).toBeLessThan(order.lastIndexOf('openRetrain'));
    });
  });

  it.each([
    ['while it waits', ['first', 'again', 'again']],
    ['while it runs', ['again', 'again']],
  ])('serves a request that is sent twice %s only once', (_, [first = '', ...rest]) => {
    const training = gate();
    const fakes = fakeActivities({ trainCandidate: () => training.pass().then(() => candidate) });
    return withLoops(fakes, async ({ retrain }) => {
      const run = await retrain({ retrainId: first });
      await eventually(() => expect(fakes.inputsOf('trainCandidate')).toHaveLength(1));
      await retrain(...rest.map((retrainId) => ({ retrainId })));
      training.open();
      const served = [...new Set([first, ...rest])];
      expect(await run.result()).toMatchObject(served.map((retrainId) => ({ retrainId })));
      expect(fakes.inputsOf('trainCandidate')).toEqual(served.map((retrainId) => ({ retrainId })));
    });
  });

  it('ignores a request that is malformed or for another model, and serves the next', () => {
    const training = gate();
    const fakes = fakeActivities({ trainCandidate: () => training.pass().then(() => candidate) });
    return withLoops(fakes, async ({ retrain, model }) => {
      const run = await retrain({ retrainId: 'first' });
      await run.signal('retrainRequested');
      await run.signal(retrainRequestedSignal, retrainRequest('another-model'));
      await run.signal(retrainRequestedSignal, retrainRequest(model, { retrainId: 'second' }));
      training.open();
      expect(await run.result()).toMatchObject([{ retrainId: 'first' }, { retrainId: 'second' }]);
    });
  });

  it('archives and closes a request that failed, sends a notification, and still serves the next', () => {
    const fakes = fakeActivities({
      trainCandidate: async ({ retrainId }) => {
        if (retrainId === 'second') return candidate;
        throw ApplicationFailure.nonRetryable('the gradient did not vanish', 'NOT_CONVERGED');
      },
    });
    return withLoops(fakes, async ({ retrain, model }) => {
      const run = await retrain({ retrainId: 'first' }, { retrainId: 'second' });
      await expect(run.result()).rejects.toThrow('Workflow execution failed');
      const message = 'the gradient did not vanish';
      expect(fakes.inputsOf('archiveCandidate')).toEqual([
        { model, retrainId: 'first', reason: 'failed', detail: message },
      ]);
      expect(fakes.inputsOf('closeRetrain')).toMatchObject([
        { retrainId: 'first', outcome: 'failed', reason: message },
        { retrainId: 'second', outcome: 'staged' },
      ]);
      expect(await noticesOf(fakes, 1)).toEqual([{ event: 'failed', model, version: null, message }]);
    });
  });

  it('closes a request that could not even be opened', () => {
    const fakes = fakeActivities({
      openRetrain: async () => {
        throw ApplicationFailure.nonRetryable('no such model', 'UNKNOWN_MODEL');
      },
    });
    return withLoops(fakes, async ({ retrain }) => {
      await expect((await retrain({})).result()).rejects.toThrow('Workflow execution failed');
      expect(fakes.inputsOf('closeRetrain')).toMatchObject([{ outcome: 'failed', reason: 'no such model' }]);
      expect(await noticesOf(fakes, 1)).toMatchObject([{ event: 'failed' }]);
    });
  });

  it('archives the trained version as cancelled if it is cancelled', () => {
    const training = gate();
    const fakes = fakeActivities({ trainCandidate: () => training.pass().then(() => candidate) });
    return withLoops(fakes, async ({ retrain, model }) => {
      const run = await retrain({ retrainId: 'first' });
      await eventually(() => expect(fakes.inputsOf('trainCandidate')).toHaveLength(1));
      await run.cancel();
      await eventually(async () => expect(isCancelRequested(await run.fetchHistory())).toBe(true));
      training.open();
      await expect(run.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
      expect(fakes.inputsOf('archiveCandidate')).toMatchObject([
        { model, retrainId: 'first', reason: 'cancelled' },
      ]);
      expect(fakes.inputsOf('closeRetrain')).toMatchObject([{ retrainId: 'first', outcome: 'cancelled' }]);
      expect(await tagsOf(run)).toMatchObject({ outcome: 'cancelled' });
    });
  });

  it('carries out a decision that was made before it was cancelled, so that no version stays in Staging without a release', () => {
    const staging = gate();
    const fakes = fakeActivities({
      stageCandidate: () => staging.pass().then(() => ({ staged: true, superseded: null })),
    });
    return withLoops(fakes, async ({ retrain }) => {
      const run = await retrain({});
      await eventually(() => expect(fakes.inputsOf('stageCandidate')).toHaveLength(1));
      await run.cancel();
      staging.open();
      expect(await run.result()).toMatchObject([{ outcome: 'staged' }]);
      expect(fakes.inputsOf('startRelease')).toHaveLength(1);
    });
  });

  it('withdraws a staged candidate whose release cannot be started', () => {
    const fakes = fakeActivities({
      startRelease: async () => {
        throw ApplicationFailure.nonRetryable('no search attribute TidegateModel');
      },
    });
    return withLoops(fakes, async ({ retrain, model }) => {
      await expect((await retrain({})).result()).rejects.toThrow('Workflow execution failed');
      expect(fakes.inputsOf('archiveCandidate')[0]).toMatchObject({
        model,
        version: CANDIDATE,
        reason: 'withdrawn',
      });
      expect(fakes.inputsOf('closeRetrain')).toMatchObject([{ outcome: 'failed' }]);
    });
  });
});
