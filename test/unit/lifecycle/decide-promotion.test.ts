// decidePromotion: evidence, guards, then better; the first rule that does not hold gives the reason.
import { expect, test } from 'vitest';
import {
  decidePromotion,
  MIN_CLUSTERS,
  type PromotionDecision,
  type PromotionFacts,
  type PromotionPolicy,
} from '../../../domain/lifecycle/decide-promotion.ts';

/** A candidate that is surely better by enough. */
const better: PromotionFacts = {
  championVersion: 1,
  difference: { value: 0.13, low: 0.08, high: 0.18, p: 0.00002 },
  positiveClusters: 370,
  negativeClusters: 1_000,
  candidateLogLoss: 0.6,
  logLossToBeat: 0.7,
  leakedClusters: 0,
};
const policy: PromotionPolicy = { minDelta: 0.01, rule: 'superiority', margin: 0.02, logLossTolerance: 0.05 };

const decide = (facts: Partial<PromotionFacts>, bounds: Partial<PromotionPolicy> = {}): PromotionDecision =>
  decidePromotion({ ...better, ...facts }, { ...policy, ...bounds });
const rule = (decision: PromotionDecision, name: string) => decision.rules.find((each) => each.name === name);

const superiority = ['enough evidence', 'no leak', 'calibration guard', 'superiority', 'minDelta'];
const nonInferiority = ['enough evidence', 'no leak', 'calibration guard', 'non-inferiority'];

test('a candidate that is surely better by enough is promoted, and every rule says by what', () => {
  expect(decide({})).toEqual({
    rulesVersion: 'promotion/1',
    promote: true,
    outcome: 'better',
    reason:
      'AUC is surely above that of version 1: difference 0.130 (0.080 to 0.180), p <0.0001, and ' +
      'the difference of 0.130 reaches 0.01',
    rules: [
      {
        name: 'enough evidence',
        held: true,
        value: 370,
        bound: 50,
        words: 'the holdout has 370 positive and 1000 negative clusters, at least 50 of each',
      },
      { name: 'no leak', held: true, value: 0, bound: 0, words: '0 holdout clusters were in a training set' },
      {
        name: 'calibration guard',
        held: true,
        value: 0.6,
        bound: 0.75,
        words: 'log loss 0.600 is within 0.05 of 0.700 by version 1',
      },
      {
        name: 'superiority',
        held: true,
        value: 0.08,
        bound: 0,
        words: 'AUC is surely above that of version 1: difference 0.130 (0.080 to 0.180), p <0.0001',
      },
      {
        name: 'minDelta',
        held: true,
        value: 0.13,
        bound: 0.01,
        words: 'the difference of 0.130 reaches 0.01',
      },
    ],
  });
});

test('without a champion the class prior is the one to beat', () => {
  const decision = decide({ championVersion: null });
  expect(decision).toMatchObject({ promote: true, outcome: 'better' });
  expect(rule(decision, 'superiority')?.words).toContain('above that of the class prior');
  expect(rule(decision, 'calibration guard')?.words).toContain('by the class prior');
});

test('every rule is recorded in its order, also after one that is broken', () => {
  const bad = { positiveClusters: 0, leakedClusters: 3, difference: { value: -1, low: -1, high: -1, p: 1 } };
  expect(decide(bad).rules.map(({ name, held }) => [name, held])).toEqual([
    ['enough evidence', false],
    ['no leak', false],
    ['calibration guard', true],
    ['superiority', false],
    ['minDelta', false],
  ]);
  expect(decide(bad, { rule: 'non-inferiority' }).rules.map(({ name }) => name)).toEqual(nonInferiority);
  expect(decide({}).rules.map(({ name }) => name)).toEqual(superiority);
});

test.each(['positiveClusters', 'negativeClusters'] as const)('too few %s are not enough evidence', (of) => {
  const few = decide({ [of]: MIN_CLUSTERS - 1 });
  expect(few).toMatchObject({ promote: false, outcome: 'not enough evidence' });
  expect(few.reason).toMatch(/fewer than 50 of each$/);
  expect(decide({ [of]: MIN_CLUSTERS })).toMatchObject({ promote: true });
});

test('one holdout cluster in a training set breaks a guard, however good the candidate', () => {
  expect(decide({ leakedClusters: 1 })).toMatchObject({
    promote: false,
    outcome: 'guard broken',
    reason: '1 holdout clusters were in a training set',
  });
});

test('a log loss at the tolerance is kept, and one beyond it breaks a guard', () => {
  const at = (logLoss: number) => decide({ candidateLogLoss: logLoss }, { logLossTolerance: 0.25 });
  expect(at(0.95)).toMatchObject({ promote: true });
  expect(at(0.9501)).toMatchObject({
    promote: false,
    outcome: 'guard broken',
    reason: 'log loss 0.950 is beyond 0.25 of 0.700 by version 1',
  });
});

test('a difference whose interval reaches 0 is not surely better', () => {
  const touching = decide({ difference: { value: 0.13, low: 0, high: 0.26, p: 0.05 } });
  expect(touching).toMatchObject({ promote: false, outcome: 'not better' });
  expect(touching.reason).toBe(
    'AUC is not surely above that of version 1: difference 0.130 (0.000 to 0.260), p 0.050',
  );
  expect(decide({ difference: { value: 0.13, low: 1e-9, high: 0.26, p: 0.049 } })).toMatchObject({
    promote: true,
  });
});

test('a sure but trifling difference is not better, and one at minDelta is', () => {
  const small = (value: number) => decide({ difference: { value, low: 0.001, high: 0.02, p: 0.001 } });
  expect(small(0.0099)).toMatchObject({
    promote: false,
    outcome: 'not better',
    reason: 'the difference of 0.010 does not reach 0.01',
  });
  expect(small(0.01)).toMatchObject({ promote: true });
});

test('by non-inferiority a candidate may be a little worse, within the margin', () => {
  const worse = (low: number) =>
    decide({ difference: { value: -0.001, low, high: 0.02, p: 0.9 } }, { rule: 'non-inferiority' });
  expect(worse(-0.0199)).toMatchObject({
    promote: true,
    outcome: 'better',
    reason: 'AUC is not worse than that of version 1 by more than 0.02: difference -0.001 (-0.020 to 0.020)',
  });
  expect(worse(-0.02)).toMatchObject({ promote: false, outcome: 'not better' });
  expect(worse(-0.02).reason).toMatch(/^AUC is perhaps worse/);
  expect(rule(worse(-0.02), 'non-inferiority')).toMatchObject({ value: -0.02, bound: -0.02 });
});

test('evidence is asked for before guards, and guards before better', () => {
  const worse = { value: -1, low: -1, high: -1, p: 1 };
  expect(decide({ positiveClusters: 1, leakedClusters: 1, difference: worse }).outcome).toBe(
    'not enough evidence',
  );
  expect(decide({ leakedClusters: 1, difference: worse }).outcome).toBe('guard broken');
  expect(decide({ leakedClusters: 1, candidateLogLoss: 9 }).reason).toMatch(/training set$/);
});

test('numbers that are none promote nobody', () => {
  const nan = { value: NaN, low: NaN, high: NaN, p: NaN };
  expect(decide({ difference: nan })).toMatchObject({ promote: false });
  expect(decide({ difference: nan }, { rule: 'non-inferiority' })).toMatchObject({ promote: false });
  expect(decide({ candidateLogLoss: NaN })).toMatchObject({
    outcome: 'guard broken',
  });
  expect(decide({ logLossToBeat: NaN })).toMatchObject({ outcome: 'guard broken' });
  expect(decide({ positiveClusters: NaN })).toMatchObject({ outcome: 'not enough evidence' });
  expect(decide({ leakedClusters: NaN })).toMatchObject({ outcome: 'guard broken' });
});
