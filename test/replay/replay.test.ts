// Runs that started under an earlier build continue under this one: every recorded history replays, and every mutant fails.
import { Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { beforeAll, describe, expect, it } from 'vitest';
import { activityNames, LARGEST_PAYLOADS, payloadSizes, scheduledActivities } from '../workflows/history.ts';
import { workflowBundle } from '../../worker/workflow-bundle.ts';
import { readRecorded, recordedNames, type Recorded } from './recorded.ts';
import { scenarios } from './scenarios.ts';

let code: string;

beforeAll(async () => {
  ({ code } = await workflowBundle());
});

/** Replays a history with a given build of the workflows. */
const replay = ({ history, workflowId }: Recorded, workflows = code): Promise<void> =>
  Worker.runReplayHistory({ workflowBundle: { code: workflows } }, history, workflowId);

/** The workflows with one change in their code. */
function mutant(from: RegExp, to: string): string {
  const mutated = code.replace(from, to);
  expect(mutated, `${from.source} is somewhere in the workflows`).not.toBe(code);
  return mutated;
}

/** The first call of an activity in the bundle. */
const callOf = (activity: string): RegExp => new RegExp(`(_activities_ts__\\w+\\.)${activity}\\)`);

describe('the recorded histories', () => {
  const names = recordedNames();

  it('exist for every path', () => {
    const expected = [...scenarios().map(({ name }) => name), 'worker-killed-during-training'];
    expect(names.length).toBeGreaterThan(0);
    expect([...names].sort()).toEqual(expected.sort());
  });

  describe('replay', () => {
    const errors = new Map<string, Error | undefined>();

    // One worker replays them all, one after the other, because each worker that is created loads the bundle again.
    beforeAll(async () => {
      const results = Worker.runReplayHistories({ workflowBundle: { code } }, names.map(readRecorded));
      const left = [...names];
      for await (const { error } of results) errors.set(left.shift()!, error);
    });

    it.each(names)('%s', (name) => {
      expect([...errors.keys()]).toContain(name);
      expect(errors.get(name)).toBeUndefined();
    });
  });

  it.each(names)('contain only ids and small summaries: %s', (name) => {
    expect(payloadSizes(readRecorded(name).history)[0]).toBeLessThanOrEqual(LARGEST_PAYLOADS);
  });

  it('contain a second attempt to train after the worker was killed', () => {
    const { history } = readRecorded('worker-killed-during-training');
    const training = scheduledActivities(history).find(
      ({ activityType }) => activityType?.name === 'trainCandidate',
    );
    expect(training).toBeDefined();
    const attempts = (history.events ?? []).flatMap(
      ({ activityTaskStartedEventAttributes: started }) => started ?? [],
    );
    expect(attempts.map(({ attempt }) => attempt)).toContain(2);
    expect(attempts.find(({ attempt }) => attempt === 2)?.lastFailure?.message).toContain('Heartbeat');
  });
});

describe('a changed history', () => {
  it.each([
    [
      'names another activity',
      (names: string[]) => names.map((name, at) => (at === 1 ? 'checkWeather' : name)),
    ],
    [
      'has two activities in another order',
      ([first = '', second = '', ...rest]: string[]) => [second, first, ...rest],
    ],
  ])('does not replay where it %s', async (_, change) => {
    const recorded = readRecorded('no-drift');
    const changed = change(activityNames(recorded.history));
    for (const [at, { activityType }] of scheduledActivities(recorded.history).entries()) {
      if (activityType) activityType.name = changed[at] ?? null;
    }
    await expect(replay(recorded)).rejects.toBeInstanceOf(DeterminismViolationError);
  });
});

describe('a changed workflow', () => {
  it.each([
    ['leaves a measurement out', 'no-drift', callOf('measureDrift'), '$1decideRetrain)'],
    ['measures in another order', 'no-drift', callOf('checkQuality'), '$1measurePerformance)'],
    [
      'takes a step more',
      'monitor-with-drift',
      /(const decision = await \(0,)(\w+\.)(decideRetrain\)\(report\));/,
      'await (0,$2checkQuality)(report); $1$2$3;',
    ],
    [
      'does not archive a refused candidate',
      'candidate-worse',
      /if \(!decision\.promote\) \{/,
      'if (false) {',
    ],
    ['confirms before it promotes', 'approved-by-update', callOf('promote'), '$1confirmServing)'],
    ['does not prepare the servers', 'approved-by-signal', callOf('prepareServing'), '$1promote)'],
    [
      'approves what expired',
      'expired',
      /settle\(\{\s*kind: 'expired'\s*\}\)/,
      "settle({ kind: 'approved', message: {} })",
    ],
    ['does not verify a decision', 'rejected', callOf('verifyDecision'), '$1archiveCandidate)'],
    [
      'asks for no comparison after a stale approval',
      'stale',
      /(_activities_ts__\w+\.)startRetrain(?=\)\(\{\s*retrainId: `\$\{retrainId\}\/stale)/,
      '$1closeRetrain',
    ],
    ['does not withdraw what was cancelled', 'withdrawn', /await release\.giveUp\(error\);/, ''],
    ['does not watch what was promoted', 'promoted-and-watched', /await startWatch\(/, 'void ('],
    ['watches before it confirms', 'promoted-and-watched', callOf('confirmServing'), '$1openWatch)'],
    ['keeps what broke its watch', 'watch-rolled-back', callOf('rollBackWatched'), '$1lookAtVersion)'],
    ['looks only once', 'watch-kept', /waitMs !== null;/, 'waitMs !== null && !last;'],
    ['trains once more', 'worker-killed-during-training', callOf('compareWithChampion'), '$1trainCandidate)'],
  ])('that %s does not replay "%s"', async (_, name, from, to) => {
    const recorded = readRecorded(name);
    await expect(replay(recorded, mutant(from, to))).rejects.toBeInstanceOf(DeterminismViolationError);
  });

  it('that only rewords a line of its details still replays', async () => {
    await replay(readRecorded('no-drift'), mutant(/Monitor \$\{/, 'Watch over ${'));
  });
});

describe('the workflow bundle', () => {
  const withoutSourceMap = (): string => code.slice(0, code.indexOf('//# sourceMappingURL='));
  const modules = (): string[] =>
    [...withoutSourceMap().matchAll(/^\/\*\*\*\/ "(\.\/[^"]+)"/gm)].map(([, path = '']) => path);

  it('contains only the workflows and the pending decision of our code, so that no changed rule can break a run', () => {
    const ours = modules().filter((path) => !path.startsWith('./node_modules/'));
    expect(ours).toContain('./workflows/release.ts');
    expect(ours.filter((path) => !path.startsWith('./workflows/'))).toEqual([
      './domain/decisions/approval.ts',
      './domain/decisions/written-text.ts',
    ]);
    expect(withoutSourceMap()).not.toContain('minDelta');
  });

  it('contains no package except the SDK and its dependencies', () => {
    const packages = modules().flatMap(
      (path) => /^\.\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? [],
    );
    expect([...new Set(packages)].sort()).toEqual([
      '@temporalio/common',
      '@temporalio/workflow',
      'long',
      'ms',
      'nexus-rpc',
    ]);
  });

  it('stays below a megabyte without its source map', () => {
    expect(withoutSourceMap().length).toBeLessThan(1_000_000);
  });
});
