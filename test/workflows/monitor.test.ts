// monitor/<model>: measures, decides, and requests a retrain if a rule says so.
import { ApplicationFailure, defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { monitorStateQuery } from '../../workflows/protocol/messages.ts';
import { FAILED, failingFor, fakeActivities } from './fake-activities.ts';
import { scheduledActivities } from './history.ts';
import { currentDetails, tagsOf } from './reading.ts';
import { useLoops } from './with-loops.ts';
import { noticesOf } from './notices.ts';

const asOf = '2024-02-29T00:00:00.000Z';
const noDrift = {
  retrain: false,
  outcome: 'none',
  reason: 'nothing drifted',
  summary: 'as of 2024-02-29: none: nothing drifted',
  lookAgain: null,
} as const;

describe.concurrent('a monitor run', () => {
  const withLoops = useLoops();

  it('ends without a retrain if nothing drifted', () => {
    const fakes = fakeActivities({ decideRetrain: async () => noDrift });
    return withLoops(fakes, async ({ monitor, model }) => {
      const run = await monitor({ asOf });
      expect(await run.result()).toEqual({
        reportId: 7,
        outcome: 'none',
        retrainId: null,
        summary: noDrift.summary,
      });
      expect(fakes.inputsOf('startRetrain')).toEqual([]);
      expect(fakes.inputsOf('freezeWindow')).toEqual([{ model, asOf }]);
      expect(await tagsOf(run)).toMatchObject({ model, outcome: 'none' });
    });
  });

  it('requests one retrain if the window drifted, in the name of its schedule', () => {
    const fakes = fakeActivities();
    return withLoops(fakes, async ({ monitor, model }) => {
      const run = await monitor({ asOf });
      expect(await run.result()).toMatchObject({ outcome: 'share', retrainId: `${model}/report-7` });
      expect(fakes.inputsOf('startRetrain')).toEqual([
        {
          retrainId: `${model}/report-7`,
          model,
          reportId: 7,
          asOf: null,
          trigger: 'share',
          requestedBy: 'schedule',
        },
      ]);
      expect(await tagsOf(run)).toMatchObject({ outcome: 'share' });
    });
  });

  it('hands its grant to the report, and shows the name that it was started with', () => {
    const fakes = fakeActivities();
    return withLoops(fakes, async ({ monitor }) => {
      await (await monitor({ asOf, requestedBy: 'bob', grantId: 'g' })).result();
      expect(fakes.inputsOf('freezeWindow')).toMatchObject([{ asOf, grantId: 'g', claimedBy: 'bob' }]);
      expect(fakes.inputsOf('startRetrain')).toMatchObject([{ requestedBy: 'bob' }]);
    });
  });

  it('uses its scheduled time if a schedule started it', () => {
    const fakes = fakeActivities();
    const key = defineSearchAttributeKey('TemporalScheduledStartTime', SearchAttributeType.DATETIME);
    return withLoops(fakes, async ({ monitor }) => {
      const run = await monitor({}, { typedSearchAttributes: [{ key, value: new Date(asOf) }] });
      await run.result();
      expect(fakes.inputsOf('freezeWindow')).toMatchObject([{ asOf }]);
    });
  });

  it('measures in order: quality, drift, performance, and only then decides', () => {
    const fakes = fakeActivities({ decideRetrain: async () => noDrift });
    return withLoops(fakes, async ({ monitor }) => {
      await (await monitor({ asOf })).result();
      expect(fakes.calls.map(({ name }) => name)).toEqual([
        'freezeWindow',
        'checkQuality',
        'measureDrift',
        'measurePerformance',
        'decideRetrain',
      ]);
    });
  });

  it('profiles each part of a large window once, all before drift is measured', () => {
    const large = { reportId: 7, rows: 7_000_000, labelledRows: 6_900_000, parts: 3, appliedBy: 'ada' };
    const fakes = fakeActivities({ freezeWindow: async () => large, decideRetrain: async () => noDrift });
    return withLoops(fakes, async ({ monitor, taskQueue }) => {
      const run = await monitor({ asOf });
      await run.result();
      expect(fakes.inputsOf('profilePart').toSorted((a, b) => a.part - b.part)).toEqual(
        [0, 1, 2].map((part) => ({ reportId: 7, part, parts: 3 })),
      );
      const names = fakes.calls.map(({ name }) => name);
      expect(names.lastIndexOf('profilePart')).toBeLessThan(names.indexOf('measureDrift'));
      const queues = scheduledActivities(await run.fetchHistory())
        .filter(({ activityType }) => activityType?.name === 'profilePart')
        .map((activity) => activity.taskQueue?.name);
      expect(queues).toEqual(Array(3).fill(`${taskQueue}-parts`));
    });
  });

  it('shows every finding, and answers with its report and step', () => {
    const fakes = fakeActivities();
    return withLoops(fakes, async ({ monitor, model }) => {
      const run = await monitor({ asOf });
      await run.result();
      const details = await currentDetails(run);
      expect(details).toContain(`Monitor ${model} as of ${asOf}`);
      expect(details).toContain('- froze 7000 rows, 6900 labelled: report 7');
      expect(details).toContain('- rebuffer_events_7d drifted');
      expect(details).toMatch(/as of 2024-02-29: production v1 AUC 0.494, .*$/);
      expect(details).toContain(`- requested a retrain from \`retrain/${model}\``);
      expect(await run.query(monitorStateQuery)).toEqual({ model, step: 'closed', reportId: 7 });
    });
  });

  it('ends at a broken contract that stops the loop: measures and retrains nothing, and sends a notification', () => {
    const fakes = fakeActivities({
      checkQuality: async () => ({ words: 'quality: range of fee is broken', stops: true }),
      decideRetrain: async () => ({
        ...noDrift,
        outcome: 'contract broken',
        summary: 'contract broken: range of fee',
      }),
    });
    return withLoops(fakes, async ({ monitor, model }) => {
      const run = await monitor({ asOf });
      expect(await run.result()).toMatchObject({ outcome: 'contract broken', retrainId: null });
      expect(await noticesOf(fakes, 1)).toEqual([
        { event: 'contract broken', model, version: null, message: 'contract broken: range of fee' },
      ]);
      expect(
        fakes.calls.map(({ name }) => name).filter((name) => name !== 'notify' && name !== 'announce'),
      ).toEqual(['freezeWindow', 'checkQuality', 'decideRetrain']);
      expect(await tagsOf(run)).toMatchObject({ outcome: 'contract broken' });
    });
  });

  it('continues to its decision if judgements fail permanently, and sends a notification', () => {
    const fakes = fakeActivities({
      measureDrift: failingFor({ words: 'drift failed' }),
      measurePerformance: failingFor({ words: 'performance failed' }),
      decideRetrain: async () => ({
        ...noDrift,
        outcome: 'judgement failed',
        summary: 'judgement failed: drift',
        judgementFailed: true,
      }),
    });
    return withLoops(fakes, async ({ monitor, model }) => {
      const run = await monitor({ asOf });
      expect(await run.result()).toMatchObject({ outcome: 'judgement failed', retrainId: null });
      expect(fakes.inputsOf('measureDrift')).toMatchObject([
        { reportId: 7 },
        { reportId: 7, failed: FAILED },
      ]);
      expect(fakes.inputsOf('measurePerformance')).toMatchObject([{}, { failed: FAILED }]);
      expect(await noticesOf(fakes, 1)).toEqual([
        { event: 'judgement failed', model, version: null, message: 'judgement failed: drift' },
      ]);
      expect(await currentDetails(run)).toContain('- drift failed');
    });
  });

  it('measures nothing on a window whose quality could not be checked', () => {
    const fakes = fakeActivities({
      checkQuality: failingFor({ words: 'quality failed', stops: true }),
      decideRetrain: async () => ({ ...noDrift, outcome: 'judgement failed', judgementFailed: true }),
    });
    return withLoops(fakes, async ({ monitor }) => {
      expect(await (await monitor({ asOf })).result()).toMatchObject({ outcome: 'judgement failed' });
      expect(fakes.inputsOf('checkQuality')).toMatchObject([{ reportId: 7 }, { failed: FAILED }]);
      expect(fakes.inputsOf('measureDrift')).toEqual([]);
      expect(await noticesOf(fakes, 1)).toMatchObject([{ event: 'judgement failed' }]);
    });
  });

  it('measures an earlier window again once its labels have arrived', () => {
    const earlier = '2024-01-31T00:00:00.000Z';
    const fakes = fakeActivities({
      decideRetrain: async () => ({
        ...noDrift,
        lookAgain: { reportId: 5, asOf: earlier, freshLabels: 250 },
      }),
    });
    return withLoops(fakes, async ({ monitor, model }) => {
      const run = await monitor({ asOf, requestedBy: 'bob' });
      expect(await run.result()).toMatchObject({ outcome: 'none' });
      expect(fakes.inputsOf('startMonitor')).toEqual([
        { model, reportId: 5, asOf: earlier, requestedBy: 'bob' },
      ]);
      expect(await currentDetails(run)).toContain(`\`monitor/${model}/again/5\` measures it again`);
    });
  });

  it('fails with one notification, and requests nothing, if a step fails permanently', () => {
    const fakes = fakeActivities({
      measureDrift: async () => {
        throw ApplicationFailure.nonRetryable('the frozen rows changed', 'DATASET_CHANGED');
      },
    });
    return withLoops(fakes, async ({ monitor, model }) => {
      const run = await monitor({ asOf });
      await expect(run.result()).rejects.toThrow('Workflow execution failed');
      expect(await noticesOf(fakes, 1)).toEqual([
        { event: 'failed', model, version: null, message: 'the frozen rows changed' },
      ]);
      expect(fakes.inputsOf('startRetrain')).toEqual([]);
      expect(await tagsOf(run)).toMatchObject({ outcome: 'failed' });
      expect(await run.query(monitorStateQuery)).toMatchObject({ step: 'measuring drift' });
    });
  });

  it('succeeds if a measurement fails once and then succeeds', () => {
    let attempts = 0;
    const fakes = fakeActivities({
      measurePerformance: async () => {
        attempts += 1;
        if (attempts === 1) throw new Error('connection reset');
        return { words: 'performance: version 1 has AUC 0.494' };
      },
    });
    return withLoops(fakes, async ({ monitor }) => {
      expect(await (await monitor({ asOf })).result()).toMatchObject({ outcome: 'share' });
      expect(fakes.inputsOf('notify')).toEqual([]);
    });
  });
});
