// decidePromotion: evidence, guards, then improvement; the first requirement that is not met gives the reason.
import { describe, expect, test } from 'vitest';
import { decidePromotion, type PromotionDecision } from '../../../domain/decisions/decide-promotion.ts';
import { MIN_CLUSTERS } from '../../../domain/data/math/class-clusters.ts';
import { type PromotionFacts } from '../../../domain/decisions/promotion-facts.ts';
import { type PromotionPolicy } from '../../../domain/decisions/promotion-rules.ts';

/** A candidate that is significantly better by enough. */
const better: PromotionFacts = {
  championVersion: 1,
  difference: { value: 0.13, low: 0.08, high: 0.18, p: 0.00002 },
  positiveClusters: 370,
  negativeClusters: 1_000,
  judged: { by: 'entity', why: 'the evaluation window has one row time' },
  logLossRows: 'holdout rows up to 2024-02-29',
  other: null,
  judgements: [
    { name: 'leak check', state: { state: 'made' } },
    { name: 'temporal holdout', state: { state: 'not applicable', reason: 'there is one row time' } },
  ],
  candidateAuc: { value: 0.62, low: 0.58, high: 0.66 },
  championAuc: { value: 0.49, low: 0.45, high: 0.53 },
  logLossToBeat: 0.7,
  logLossDifference: { value: -0.1, low: -0.12, high: -0.08 },
  leakedClusters: 0,
  lateLabels: 0,
  slices: [],
  holdout: { decisions: 3, onSameRows: 1 },
  leakAlarms: [],
  unproven: [],
};
const policy: PromotionPolicy = { minDelta: 0.01, rule: 'superiority', margin: 0.02, logLossTolerance: 0.05 };

const decide = (facts: Partial<PromotionFacts>, bounds: Partial<PromotionPolicy> = {}): PromotionDecision =>
  decidePromotion({ ...better, ...facts }, { ...policy, ...bounds });
const rule = (decision: PromotionDecision, name: string) => decision.rules.find((each) => each.name === name);

const before = [
  'evaluation',
  'holdout use',
  'leak check',
  'temporal holdout',
  'enough evidence',
  'no leak',
  'label times',
  'right way round',
  'calibration guard',
];
const superiority = [...before, 'superiority', 'minDelta', 'slice floor'];
const nonInferiority = [...before, 'non-inferiority', 'slice floor'];

test('promotes a candidate that is significantly better by enough, and records every rule with its numbers', () => {
  const decision = decide({});
  expect(decision).toMatchObject({
    rulesVersion: 'promotion/3',
    promote: true,
    outcome: 'better',
    reason:
      'AUC is significantly above that of version 1: difference 0.130 (0.080 to 0.180), p <0.0001, and ' +
      'the difference of 0.130 reaches 0.01',
    alarms: [],
  });
  expect(decision.rules).toEqual([
    {
      name: 'evaluation',
      held: true,
      value: 'entity',
      bound: null,
      words: 'decided by entity: the evaluation window has one row time',
    },
    {
      name: 'holdout use',
      held: true,
      value: 3,
      bound: null,
      words: 'this holdout was used for 3 decisions before, 1 of them on the same rows',
    },
    { name: 'leak check', held: true, value: 'made', bound: null, words: 'it was made' },
    {
      name: 'temporal holdout',
      held: true,
      value: 'not applicable',
      bound: null,
      words: 'not applicable: there is one row time',
    },
    {
      name: 'enough evidence',
      held: true,
      value: 370,
      bound: 50,
      words: 'the holdout has 370 positive and 1000 negative clusters, at least 50 of each',
    },
    { name: 'no leak', held: true, value: 0, bound: 0, words: '0 holdout clusters were in a training set' },
    {
      name: 'label times',
      held: true,
      value: 0,
      bound: 0,
      words: '0 training labels became known after the instant that their version claims',
    },
    {
      name: 'right way round',
      held: true,
      value: 0.66,
      bound: 0.5,
      words: 'AUC 0.620 (0.580 to 0.660) is not significantly below 0.5',
    },
    {
      name: 'calibration guard',
      held: true,
      value: -0.1,
      bound: 0.05,
      words:
        'log loss is -0.100 (-0.120 to -0.080) above 0.700 of version 1 on the holdout rows up to 2024-02-29, within 0.05',
    },
    {
      name: 'superiority',
      held: true,
      value: 0.08,
      bound: 0,
      words: 'AUC is significantly above that of version 1: difference 0.130 (0.080 to 0.180), p <0.0001',
    },
    {
      name: 'minDelta',
      held: true,
      value: 0.13,
      bound: 0.01,
      words: 'the difference of 0.130 reaches 0.01',
    },
    {
      name: 'slice floor',
      held: true,
      value: null,
      bound: -0.05,
      words: 'none of 0 slices is significantly worse by more than 0.05',
    },
  ]);
});

test('compares a candidate with the class prior if there is no champion', () => {
  const decision = decide({ championVersion: null });
  expect(decision).toMatchObject({ promote: true, outcome: 'better' });
  expect(rule(decision, 'superiority')?.words).toContain('above that of the class prior');
  expect(rule(decision, 'calibration guard')?.words).toContain('of the class prior');
});

test('records every rule in order, even after one that is not met', () => {
  const bad = { positiveClusters: 0, leakedClusters: 3, difference: { value: -1, low: -1, high: -1, p: 1 } };
  expect(
    decide(bad)
      .rules.filter(({ held }) => !held)
      .map(({ name }) => name),
  ).toEqual(['enough evidence', 'no leak', 'superiority', 'minDelta']);
  expect(decide(bad, { rule: 'non-inferiority' }).rules.map(({ name }) => name)).toEqual(nonInferiority);
  expect(decide({}).rules.map(({ name }) => name)).toEqual(superiority);
});

test.each(['positiveClusters', 'negativeClusters'] as const)(
  'refuses too few %s as not enough evidence',
  (of) => {
    const few = decide({ [of]: MIN_CLUSTERS - 1 });
    expect(few).toMatchObject({ promote: false, outcome: 'not enough evidence' });
    expect(few.reason).toMatch(/fewer than 50 of each$/);
    expect(decide({ [of]: MIN_CLUSTERS })).toMatchObject({ promote: true });
  },
);

test('refuses any candidate if one holdout cluster was in a training set', () => {
  expect(decide({ leakedClusters: 1 })).toMatchObject({
    promote: false,
    outcome: 'guard broken',
    reason: '1 holdout clusters were in a training set',
  });
});

test('accepts a log loss at the tolerance, and refuses one significantly beyond it although the AUC is higher', () => {
  const at = (value: number, low = value - 0.01) =>
    decide({ logLossDifference: { value, low, high: value + 0.01 } }, { logLossTolerance: 0.25 });
  expect(at(0.25)).toMatchObject({ promote: true });
  expect(at(0.251)).toMatchObject({
    promote: false,
    outcome: 'guard broken',
    reason:
      'log loss is 0.251 (0.241 to 0.261) above 0.700 of version 1 on the holdout rows up to 2024-02-29, significantly worse and beyond 0.25, although its AUC is ' +
      'higher: its probabilities are no longer calibrated',
  });
});

test('accepts a log loss beyond the tolerance that is not significantly worse, and says so', () => {
  const unsure = decide({ logLossDifference: { value: 0.3, low: -0.01, high: 0.6 } });
  expect(unsure).toMatchObject({ promote: true });
  expect(rule(unsure, 'calibration guard')?.words).toMatch(/beyond 0.05, but not significantly worse$/);
});

test('refuses a candidate whose AUC is significantly below 0.5, by a guard of its own', () => {
  const inverted = decide({
    candidateAuc: { value: 0.3, low: 0.25, high: 0.35 },
    difference: { value: 0.1, low: 0.05, high: 0.15, p: 0.001 },
  });
  expect(inverted).toMatchObject({ promote: false, outcome: 'guard broken' });
  expect(inverted.reason).toContain('significantly below 0.5: the candidate ranks the wrong way round');
  const touching = decide({ candidateAuc: { value: 0.45, low: 0.4, high: 0.5 } });
  expect(rule(touching, 'right way round')).toMatchObject({ held: true });
});

test('raises an alarm for a champion whose AUC is significantly below 0.5, and refuses nobody', () => {
  const decision = decide({ championAuc: { value: 0.4, low: 0.35, high: 0.45 } });
  expect(decision.promote).toBe(true);
  expect(decision.alarms).toEqual([
    expect.stringMatching(/^the AUC 0.400 .* of version 1 is significantly below 0.5/),
  ]);
});

test('refuses one late training label, and accepts labels whose times were not recorded', () => {
  expect(decide({ lateLabels: 1 })).toMatchObject({ promote: false, outcome: 'guard broken' });
  const unknown = decide({ lateLabels: null });
  expect(unknown.promote).toBe(true);
  expect(rule(unknown, 'label times')?.words).toMatch(/not recorded$/);
});

const slice = (name: string, high: number | null) => ({
  name,
  rows: 500,
  positiveClusters: 60,
  difference: { value: -0.1, low: -0.2, high: -0.06 },
  simultaneous: high === null ? null : { value: -0.1, low: -0.3, high },
});

test('refuses a slice whose simultaneous interval is entirely below the floor, and names it', () => {
  const fallen = decide({ slices: [slice('plan = pro', -0.051), slice('plan = basic', 0.1)] });
  expect(fallen).toMatchObject({ promote: false, outcome: 'guard broken' });
  expect(fallen.reason).toBe(
    'significantly worse by more than 0.05 on plan = pro: -0.100 (-0.300 to -0.051)',
  );
  expect(rule(fallen, 'slice floor')).toMatchObject({ value: -0.051, bound: -0.05 });
});

test('accepts a slice at the floor, or one that is too small to be judged', () => {
  expect(decide({ slices: [slice('plan = pro', -0.05), slice('plan = rare', null)] }).promote).toBe(true);
});

test("uses a slice's own interval in an old comparison without simultaneous intervals", () => {
  const { name, rows, positiveClusters, difference } = slice('plan = pro', 0);
  const before = { name, rows, positiveClusters, difference };
  expect(decide({ slices: [before] })).toMatchObject({ promote: false, outcome: 'guard broken' });
});

test("gives 'not better' as the reason before a slice that fell", () => {
  const none = { value: 0, low: -0.01, high: 0.01, p: 1 };
  expect(decide({ difference: none, slices: [slice('plan = pro', -0.06)] }).outcome).toBe('not better');
});

test('does not count a difference whose interval reaches 0 as significant', () => {
  const touching = decide({ difference: { value: 0.13, low: 0, high: 0.26, p: 0.05 } });
  expect(touching).toMatchObject({ promote: false, outcome: 'not better' });
  expect(touching.reason).toBe(
    'AUC is not significantly above that of version 1: difference 0.130 (0.000 to 0.260), p 0.05',
  );
  expect(decide({ difference: { value: 0.13, low: 1e-9, high: 0.26, p: 0.049 } })).toMatchObject({
    promote: true,
  });
});

test('refuses a significant difference below minDelta, and accepts one at minDelta', () => {
  const small = (value: number) => decide({ difference: { value, low: 0.001, high: 0.02, p: 0.001 } });
  expect(small(0.0099)).toMatchObject({
    promote: false,
    outcome: 'not better',
    reason: 'the difference of 0.0099 does not reach 0.01',
  });
  expect(small(0.01)).toMatchObject({ promote: true });
});

test('accepts a slightly worse candidate within the margin of non-inferiority', () => {
  const worse = (low: number) =>
    decide({ difference: { value: -0.001, low, high: 0.02, p: 0.9 } }, { rule: 'non-inferiority' });
  expect(worse(-0.0199)).toMatchObject({
    promote: true,
    outcome: 'better',
    reason:
      'AUC is not worse than that of version 1 by more than 0.02: difference -0.0010 (-0.0199 to 0.0200)',
  });
  expect(worse(-0.02)).toMatchObject({ promote: false, outcome: 'not better' });
  expect(worse(-0.02).reason).toMatch(/^AUC is possibly worse/);
  expect(rule(worse(-0.02), 'non-inferiority')).toMatchObject({ value: -0.02, bound: -0.02 });
});

test("gives missing evidence as the reason before a guard, and a guard before 'not better'", () => {
  const worse = { value: -1, low: -1, high: -1, p: 1 };
  expect(decide({ positiveClusters: 1, leakedClusters: 1, difference: worse }).outcome).toBe(
    'not enough evidence',
  );
  expect(decide({ leakedClusters: 1, difference: worse }).outcome).toBe('guard broken');
  const worseLoss = { value: 9, low: 8, high: 10 };
  expect(decide({ leakedClusters: 1, logLossDifference: worseLoss }).reason).toMatch(/training set$/);
});

test('promotes nobody if a number is NaN', () => {
  const nan = { value: NaN, low: NaN, high: NaN, p: NaN };
  expect(decide({ difference: nan })).toMatchObject({ promote: false });
  expect(decide({ difference: nan }, { rule: 'non-inferiority' })).toMatchObject({ promote: false });
  expect(decide({ logLossDifference: nan })).toMatchObject({ outcome: 'guard broken' });
  expect(decide({ lateLabels: NaN })).toMatchObject({ outcome: 'guard broken' });
  expect(decide({ logLossToBeat: NaN })).toMatchObject({ outcome: 'guard broken' });
  expect(decide({ positiveClusters: NaN })).toMatchObject({ outcome: 'not enough evidence' });
  expect(decide({ leakedClusters: NaN })).toMatchObject({ outcome: 'guard broken' });
});

test('lists warnings of the leak alarm among the alarms, and refuses nobody for them', () => {
  const decision = decide({
    leakAlarms: ['plan alone separates the classes'],
    championAuc: { value: 0.4, low: 0.35, high: 0.45 },
  });
  expect(decision.promote).toBe(true);
  expect(decision.alarms).toEqual([
    'plan alone separates the classes',
    expect.stringContaining('significantly below 0.5'),
  ]);
});

describe('a judgement that was due and could not be made', () => {
  const state = {
    state: 'failed',
    code: 'NOT_CONVERGED',
    reason: 'the gradient is 5.5e-3 after 54 steps',
  } as const;
  const judgements = [{ name: 'temporal holdout', state }] as const;
  const words =
    'the judgement "temporal holdout" was due and could not be made: NOT_CONVERGED: the gradient is 5.5e-3 after 54 steps';

  test('refuses a candidate although it is better by every measure, and gives the reason', () => {
    const decision = decide({ judgements });
    expect(decision).toMatchObject({ promote: false, outcome: 'judgement failed', reason: words });
    expect(rule(decision, 'temporal holdout')).toEqual({
      name: 'temporal holdout',
      held: false,
      value: 'failed',
      bound: null,
      words,
    });
  });

  test('only warns if the policy says so: the other rules decide, and an alarm describes it', () => {
    const decision = decide({ judgements }, { failedJudgement: 'warn' });
    expect(decision).toMatchObject({ promote: true, outcome: 'better' });
    expect(rule(decision, 'temporal holdout')).toMatchObject({ held: false, warns: true });
    expect(decision.alarms).toEqual([`${words}; the policy only warns (promotion.failedJudgement)`]);
    expect(decide({ judgements, leakedClusters: 1 }, { failedJudgement: 'warn' }).outcome).toBe(
      'guard broken',
    );
  });

  test('is named in the reason, whichever judgement it is', () => {
    for (const name of ['leak check', 'recipes', 'calibration map'] as const)
      expect(decide({ judgements: [{ name, state }] }).reason).toContain(`the judgement "${name}" was due`);
  });
});

test('raises an alarm for what the evaluation that did not decide would have refused', () => {
  const other: PromotionFacts['other'] = {
    by: 'entity',
    rows: 1_400,
    where: 'holdout rows up to 2024-02-29',
    positiveClusters: 370,
    negativeClusters: 1_000,
    candidateAuc: better.candidateAuc,
    championAuc: better.championAuc,
    difference: { value: -0.1, low: -0.2, high: -0.01, p: 0.01 },
    logLoss: { toBeat: 0.7, difference: { value: 0.3, low: 0.2, high: 0.4 } },
  };
  const decision = decide({ other });
  expect(decision.promote).toBe(true);
  expect(decision.alarms).toEqual([
    'the evaluation by entity, which did not decide, is significantly worse by AUC on its holdout rows up to 2024-02-29',
    'the evaluation by entity, which did not decide, has a log loss 0.300 (0.200 to 0.400) above 0.700 on its ' +
      'holdout rows up to 2024-02-29',
  ]);
});
