// decideRetrain: the first reason that applies decides, too few labels and the cooldown stop it, all rules are recorded.
import { describe, expect, test } from 'vitest';
import {
  decideRetrain,
  type FailedJudgement,
  type RetrainDecision,
  type RetrainFacts,
  type RetrainPolicy,
} from '../../../domain/decisions/decide-retrain.ts';
import { RETRAIN_REASONS } from '../../../domain/model/definition.ts';

const promised = { value: 0.83, low: 0.8, high: 0.86 };
const kept = { value: 0.82, low: 0.79, high: 0.85 };
const fallen = { value: 0.5, low: 0.45, high: 0.55 };

/** A window in which nothing happened. */
const quiet: RetrainFacts = {
  champion: { version: 3, promised },
  drift: { share: 0, driftedColumns: [] },
  realised: kept,
  estimated: null,
  brokenContracts: [],
  freshLabels: 5_000,
  alreadyTrained: false,
  alreadyReported: false,
  recentRefusal: null,
  waiting: null,
};
const policy: RetrainPolicy = { on: RETRAIN_REASONS, share: 0.3, critical: ['fee'], minLabels: 200 };

const decide = (facts: Partial<RetrainFacts>, bounds: Partial<RetrainPolicy> = {}): RetrainDecision =>
  decideRetrain({ ...quiet, ...facts }, { ...policy, ...bounds });
const heldRules = ({ rules }: RetrainDecision): string[] =>
  rules.filter(({ held }) => held).map(({ name }) => name);
const rule = (decision: RetrainDecision, name: string) => decision.rules.find((each) => each.name === name);

const order = [
  'contracts',
  'judgements',
  'bootstrap',
  'performance',
  'estimated performance',
  'critical',
  'share',
  'multivariate',
  'fresh labels',
  'cooling down',
  'labels came',
];

test('does not retrain for a quiet window', () => {
  expect(decide({})).toMatchObject({
    rulesVersion: 'retrain/3',
    retrain: false,
    outcome: 'none',
    reason: 'no rule asks for a retrain',
  });
});

test('records every rule in order with value and bound, whichever rule decided', () => {
  const cases = [
    {},
    { champion: null },
    { realised: fallen },
    { freshLabels: 0 },
    { drift: null },
    { realised: null },
  ];
  for (const facts of cases) expect(decide(facts).rules.map(({ name }) => name)).toEqual(order);
  expect(decide({ drift: { share: 0.1, driftedColumns: ['fee', 'hours'] } }).rules).toMatchObject([
    { name: 'contracts', held: false, value: 0, bound: 0 },
    { name: 'judgements', held: false, value: 0, bound: 0, words: 'every judgement that was due was made' },
    { name: 'bootstrap', held: false, value: 3, bound: null, words: 'version 3 is in Production' },
    { name: 'performance', held: false, value: 0.82, bound: 0.8 },
    { name: 'estimated performance', held: false, value: null, bound: null, words: 'no AUC was estimated' },
    { name: 'critical', held: true, value: 'fee', bound: 'fee', words: 'critical columns drifted: fee' },
    {
      name: 'share',
      held: false,
      value: 0.1,
      bound: 0.3,
      words: '0.100 of the columns drifted (fee, hours), below 0.3',
    },
    { name: 'multivariate', held: false, value: null, bound: null },
    {
      name: 'fresh labels',
      held: true,
      value: 5_000,
      bound: 200,
      words: '5000 labelled rows are there to learn from, at least 200',
    },
    {
      name: 'cooling down',
      held: false,
      value: null,
      bound: null,
      words: 'no candidate was refused recently',
    },
    {
      name: 'labels came',
      held: false,
      value: null,
      bound: 200,
      words: 'no earlier window is waiting for labels',
    },
  ]);
});

test("reports 'nothing new' for rows that were reported before", () => {
  expect(decide({ alreadyReported: true })).toMatchObject({ retrain: false, outcome: 'nothing new' });
});

test('retrains on rows that were reported before if a reason applies', () => {
  expect(decide({ alreadyReported: true, realised: fallen })).toMatchObject({
    retrain: true,
    outcome: 'performance',
  });
});

test('trains the first version if there is no champion', () => {
  const decision = decide({ champion: null, drift: null, realised: null });
  expect(decision).toMatchObject({
    retrain: true,
    outcome: 'bootstrap',
    reason: 'no version is in Production',
  });
  expect(rule(decision, 'bootstrap')).toMatchObject({ value: null });
  expect(rule(decision, 'performance')?.words).toBe('there is no champion to measure');
  expect(rule(decision, 'share')).toMatchObject({ value: null, words: 'drift has no reference yet' });
});

test('retrains for an AUC significantly below the promised one', () => {
  expect(decide({ realised: fallen })).toMatchObject({
    retrain: true,
    outcome: 'performance',
    reason: "the champion's AUC is 0.500 (at most 0.550), below the 0.800 to 0.860 it promised",
  });
});

test('does not count intervals that touch as significantly below', () => {
  const touching = { value: 0.7, low: 0.6, high: 0.8 };
  const decision = decide({ realised: touching });
  expect(decision.outcome).toBe('none');
  expect(rule(decision, 'performance')?.words).toBe(
    "the champion's AUC is 0.700 (at most 0.800), not significantly below the 0.800 to 0.860 it promised",
  );
  expect(decide({ realised: { ...touching, high: 0.7999 } }).outcome).toBe('performance');
});

test('does not retrain for performance without labels or without a promised AUC', () => {
  const unlabelled = decide({ realised: null });
  expect(rule(unlabelled, 'performance')).toMatchObject({
    held: false,
    value: null,
    bound: 0.8,
    words: 'too few mature labels to measure an AUC',
  });
  const unpromised = decide({ champion: { version: 1, promised: null }, realised: fallen });
  expect(rule(unpromised, 'performance')).toMatchObject({
    held: false,
    value: 0.5,
    bound: null,
    words: 'the champion has no promised AUC',
  });
});

test('retrains for one drifted critical column, but not for one other column', () => {
  expect(decide({ drift: { share: 0.05, driftedColumns: ['fee'] } })).toMatchObject({
    retrain: true,
    outcome: 'critical',
    reason: 'critical columns drifted: fee',
  });
  expect(decide({ drift: { share: 0.05, driftedColumns: ['hours'] } })).toMatchObject({ outcome: 'none' });
});

test('retrains for a share of drifted columns at the bound, but not below it', () => {
  expect(decide({ drift: { share: 0.3, driftedColumns: ['hours'] } })).toMatchObject({
    retrain: true,
    outcome: 'share',
    reason: '0.300 of the columns drifted (hours), at least 0.3',
  });
  expect(decide({ drift: { share: 0.2999, driftedColumns: ['hours'] } })).toMatchObject({ outcome: 'none' });
});

test('does not retrain for the share without a drifted column, however low the bound', () => {
  expect(decide({}, { share: 0 })).toMatchObject({ retrain: false, outcome: 'none' });
});

test('decides by the first reason, and records that the others apply too', () => {
  const all: Partial<RetrainFacts> = {
    realised: fallen,
    drift: { share: 0.5, driftedColumns: ['fee', 'hours'] },
  };
  const decision = decide(all);
  expect(decision.outcome).toBe('performance');
  expect(heldRules(decision)).toEqual(['performance', 'critical', 'share', 'fresh labels']);
  expect(decide({ ...all, realised: kept }).outcome).toBe('critical');
  expect(decide({ ...all, realised: kept }, { critical: [] }).outcome).toBe('share');
  expect(decide({ ...all, champion: null }).outcome).toBe('bootstrap');
});

test('does not retrain with too few labels, and still gives the reason', () => {
  expect(decide({ realised: fallen, freshLabels: 199 })).toMatchObject({
    retrain: false,
    outcome: 'waiting for labels',
    reason:
      "the champion's AUC is 0.500 (at most 0.550), below the 0.800 to 0.860 it promised, " +
      'but 199 labelled rows are there to learn from, fewer than 200',
  });
  expect(decide({ champion: null, freshLabels: 0 }).outcome).toBe('waiting for labels');
  expect(decide({ realised: fallen, freshLabels: 200 }).outcome).toBe('performance');
});

test('does not report too few labels as the outcome if no reason applies', () => {
  expect(decide({ freshLabels: 0 }).outcome).toBe('none');
});

test('cools down if the same rows and definition already led to a retrain', () => {
  expect(decide({ realised: fallen, alreadyTrained: true })).toMatchObject({
    retrain: false,
    outcome: 'cooling down',
    reason: expect.stringMatching(/, but these rows and this definition already led to a retrain$/) as string,
  });
});

const at = '2024-03-01T00:00:00.000Z';

test('cools down after a recent refusal, unless performance has fallen further since', () => {
  const drift = { share: 0.5, driftedColumns: ['hours'] };
  const after = (realisedAuc: number | null, realised: RetrainFacts['realised']) =>
    decide({ drift, realised, recentRefusal: { at, realisedAuc } });
  expect(after(0.82, kept)).toMatchObject({ retrain: false, outcome: 'cooling down' });
  expect(after(0.56, fallen)).toMatchObject({ retrain: true, outcome: 'performance' });
  expect(after(0.55, fallen)).toMatchObject({ retrain: false, outcome: 'cooling down' });
  expect(after(null, fallen)).toMatchObject({ retrain: false, outcome: 'cooling down' });
  expect(after(0.82, null)).toMatchObject({ retrain: false, outcome: 'cooling down' });
});

test('gives the instant of the refusal', () => {
  const drift = { share: 0.5, driftedColumns: ['hours'] };
  const cooling = decide({ drift, recentRefusal: { at, realisedAuc: 0.5 } });
  expect(rule(cooling, 'cooling down')).toMatchObject({
    held: true,
    value: at,
    words: `a candidate was refused at ${at}`,
  });
  const further = decide({ drift, realised: fallen, recentRefusal: { at, realisedAuc: 0.9 } });
  expect(rule(further, 'cooling down')).toMatchObject({
    held: false,
    words: `a candidate was refused at ${at}, but the AUC has fallen further since`,
  });
});

test('cools down for rows that already led to a retrain even if performance has fallen further', () => {
  const facts = { realised: fallen, alreadyTrained: true, recentRefusal: { at, realisedAuc: 0.9 } };
  expect(decide(facts).outcome).toBe('cooling down');
});

test('reports waiting for labels before cooling down', () => {
  expect(decide({ realised: fallen, freshLabels: 0, alreadyTrained: true }).outcome).toBe(
    'waiting for labels',
  );
});

test('reports a broken contract before any reason, and does not retrain on wrong data', () => {
  const decision = decide({
    realised: fallen,
    champion: null,
    brokenContracts: ['range of fee', 'type of hours'],
  });
  expect(decision).toMatchObject({
    retrain: false,
    outcome: 'contract broken',
    reason: 'contracts that stop the loop are broken: range of fee, type of hours',
  });
  expect(rule(decision, 'contracts')).toMatchObject({ held: true, value: 2, bound: 0 });
  expect(decide({ realised: fallen }).outcome).toBe('performance');
});

const low = { value: 0.61, least: 0.7 };

test('retrains for an estimated AUC below the range of the reference, but not at the bound', () => {
  expect(decide({ estimated: low })).toMatchObject({
    retrain: true,
    outcome: 'estimated performance',
    reason: 'the AUC estimated without labels is 0.610, below 0.700',
  });
  const atBound = decide({ estimated: { value: 0.7, least: 0.7 } });
  expect(atBound.outcome).toBe('none');
  expect(rule(atBound, 'estimated performance')).toMatchObject({ held: false, value: 0.7, bound: 0.7 });
});

test('gives realised performance as the reason before estimated, and that before drift', () => {
  const drift = { share: 0.5, driftedColumns: ['fee'] };
  expect(decide({ realised: fallen, estimated: low, drift }).outcome).toBe('performance');
  expect(decide({ estimated: low, drift }).outcome).toBe('estimated performance');
});

test('only records a reason that the policy does not name', () => {
  const together = { excess: 0.09, least: 0.05 };
  const facts = {
    realised: fallen,
    estimated: low,
    drift: { share: 0.5, driftedColumns: ['fee'], together },
  };
  const none = decide(facts, { on: [] });
  expect(none).toMatchObject({ retrain: false, outcome: 'none' });
  expect(heldRules(none)).toEqual([
    'performance',
    'estimated performance',
    'critical',
    'share',
    'multivariate',
    'fresh labels',
  ]);
  expect(rule(none, 'performance')?.words).toMatch(/; the policy does not retrain for this$/);
  for (const reason of RETRAIN_REASONS) expect(decide(facts, { on: [reason] }).outcome).toBe(reason);
  expect(decide({ ...facts, champion: null }, { on: [] }).outcome).toBe('bootstrap');
});

const waiting = { reportId: 5, asOf: '2024-01-31T00:00:00.000Z', freshLabels: 200 };

test('names an earlier window to measure again once enough of its labels have arrived', () => {
  const decision = decide({ waiting });
  expect(decision).toMatchObject({ retrain: false, outcome: 'none', lookAgain: waiting });
  expect(rule(decision, 'labels came')).toMatchObject({
    held: true,
    value: 200,
    bound: 200,
    words:
      'the window up to 2024-01-31T00:00:00.000Z of report 5 now has 200 labelled rows, at least 200: it is measured again',
  });
});

test('does not measure an earlier window again if it has too few labels, or if this window leads to a retrain', () => {
  const few = decide({ waiting: { ...waiting, freshLabels: 199 } });
  expect(few.lookAgain).toBeNull();
  expect(rule(few, 'labels came')).toMatchObject({ held: false, value: 199 });
  expect(decide({ waiting, realised: fallen }).lookAgain).toBeNull();
  expect(decide({}).lookAgain).toBeNull();
});

test('measures an earlier window again even if this one waits for labels, cools down or has a broken contract', () => {
  expect(decide({ waiting, realised: fallen, freshLabels: 0 })).toMatchObject({
    outcome: 'waiting for labels',
    lookAgain: waiting,
  });
  expect(decide({ waiting, realised: fallen, alreadyTrained: true }).lookAgain).toEqual(waiting);
  expect(decide({ waiting, brokenContracts: ['type of fee'] }).lookAgain).toEqual(waiting);
});

test('uses the AUC at the refusal as the bound of the cooldown', () => {
  const cooling = decide({ realised: fallen, recentRefusal: { at, realisedAuc: 0.5 } });
  expect(rule(cooling, 'cooling down')).toMatchObject({ value: at, bound: 0.5 });
});

describe('a judgement that was due and could not be made', () => {
  const failed = (name: FailedJudgement['name']): Pick<RetrainFacts, 'failedJudgements'> => ({
    failedJudgements: [{ name, code: 'DATASET_EXPIRED', reason: 'the rows are gone' }],
  });
  const words = (name: string): string =>
    `the judgement "${name}" was due and could not be made: DATASET_EXPIRED: the rows are gone`;

  test.each(['drift', 'multivariate drift', 'performance'] as const)(
    'does not count as one that found nothing: %s',
    (name) => {
      const decision = decide({ ...failed(name), alreadyReported: true });
      expect(decision).toMatchObject({
        retrain: false,
        outcome: 'judgement failed',
        reason: words(name),
        alarms: [words(name)],
      });
      expect(rule(decision, 'judgements')).toMatchObject({ held: true, value: 1, bound: 0 });
    },
  );

  test('does not prevent a retrain for another reason, and is reported with it', () => {
    const decision = decide({ ...failed('drift'), realised: fallen });
    expect(decision).toMatchObject({ retrain: true, outcome: 'performance', alarms: [words('drift')] });
  });

  test('stops the loop at this window if it is quality, whatever else was found', () => {
    const decision = decide({ ...failed('quality'), realised: fallen });
    expect(decision).toMatchObject({ retrain: false, outcome: 'judgement failed', reason: words('quality') });
  });
});
