// The temporal holdout: the recipe is trained on what was known by the cutoff time and tested on later rows, if there are enough.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cardInMarkdown } from '../../domain/decisions/card/card-in-markdown.ts';
import { modelCard } from '../../domain/decisions/card/model-card.ts';
import { type TemporalHoldoutResult } from '../../domain/decisions/temporal-holdout.ts';
import { leakCheckFailed, leakPolicyOf } from '../../domain/learning/leak-alarm.ts';
import { lacksJudgement } from '../../operations/follow-to-approval.ts';
import { getRetrain } from '../../store/registry/retrains.ts';
import { getComparison } from '../../store/registry/comparisons.ts';
import { findEvidence } from '../../store/registry/evidence.ts';
import { cardFacts } from '../../store/card-facts.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';
import { type Retrained, retrainableModel, type UserRow } from '../helpers/retrainable-model.ts';
import { randomOf } from '../unit/drift/frame-of.ts';

let database: MigratedDatabase;
beforeAll(async () => {
  database = await migratedDatabase();
});
afterAll(() => database.drop());

const WEEKS = ['2024-03-04', '2024-03-11', '2024-03-18', '2024-03-25'].map((day) => `${day}T00:00:00Z`);
const END = WEEKS[3]!;
const HALF = { holdout: { share: 0.5 } };

const ruleOf = ({ decision }: Retrained['comparison'], name: string) =>
  decision.rules.find((rule) => rule.name === name);

const later = (at: string, days: number): string =>
  new Date(Date.parse(at) + days * 86_400_000).toISOString();

/** 600 users per week; the label depends on the hours, with the sign given for the week, and is known `days` later. */
function weeks(sign: (week: number) => number, days: number): UserRow[] {
  const random = randomOf(3);
  return WEEKS.flatMap((at, week) =>
    Array.from({ length: 600 }, (_, index) => {
      const hours = 10 * random();
      const gone = random() < 1 / (1 + Math.exp(-sign(week) * (hours - 5)));
      const plan = index % 2 === 0 ? 'a' : 'b';
      return { user: `u${index}`, at, hours, plan, gone, labelKnown: later(at, days) };
    }),
  );
}

test('a recipe that still works in the future passes by entity+time, using only labels known by the cutoff', async () => {
  const model = await retrainableModel(database, 'holds', HALF);
  await model.add(weeks(() => 1, 3));
  const { comparison } = await model.retrain(END);
  const result = comparison.body.outOfTime as TemporalHoldoutResult;
  expect(result).toMatchObject({
    judged: true,
    cut: '2024-03-11T00:00:00.000Z',
    rowTimes: 4,
    labelTimes: 'known',
  });
  // At the cutoff, the labels of its own week become known only three days later.
  const rows = await model.sample.join({ to: '2024-03-04Z' });
  expect(result.trainedRows).toBe(rows.filter(({ held_out: isHeld }) => !isHeld).length);
  expect(result.candidateAuc.low).toBeGreaterThan(0.7);
  expect(comparison.decision).toMatchObject({ promote: true, outcome: 'better' });
  expect(comparison.decision.rules[0]).toMatchObject({ name: 'evaluation', value: 'entity+time' });
  const evidence = comparison.decision.rules.find(({ name }) => name === 'enough evidence');
  expect(evidence?.value).toBe(Math.min(result.positiveClusters, result.negativeClusters));
});

test('a recipe that works on unseen entities but not in the future is refused by entity+time', async () => {
  const model = await retrainableModel(database, 'turns', HALF);
  // The sign changes after two of four weeks: the whole window can be learnt, but its past predicts the opposite.
  await model.add(weeks((week) => (week < 2 ? -0.4 : 1), 0));
  const { comparison } = await model.retrain(END);
  expect(comparison.body.difference.low).toBeGreaterThan(0);
  expect((comparison.body.outOfTime as TemporalHoldoutResult).difference.high).toBeLessThan(0);
  // It ranks that future the wrong way round, which a guard reports before the AUC rule is evaluated.
  expect(comparison.decision).toMatchObject({ promote: false, outcome: 'guard broken' });
  expect(ruleOf(comparison, 'right way round')).toMatchObject({ held: false });
  expect(ruleOf(comparison, 'superiority')).toMatchObject({ held: false });
  expect(comparison.decision.rules[0]).toMatchObject({ value: 'entity+time' });
});

test('the temporal holdout is not due if too little was known by the cutoff: the entity holdout decides, and the minimum is named', async () => {
  const model = await retrainableModel(database, 'awaited', HALF);
  await model.add(weeks(() => 1, 30));
  const { comparison } = await model.retrain(END);
  const reason =
    'too little was known by 2024-03-11, and at least 50 training rows of each class are needed: no label was known by the cutoff time';
  expect(comparison.body.outOfTime).toEqual({ judged: false, due: false, reason });
  expect(comparison.decision.promote).toBe(true);
  expect(comparison.decision.rules[0]).toMatchObject({ value: 'entity' });
  expect(ruleOf(comparison, 'temporal holdout')).toMatchObject({
    held: true,
    value: 'not applicable',
    words: `not applicable: ${reason}`,
  });
});

/** Hours separate the classes only in the first two weeks, so that without a penalty a fit of the past has no optimum. */
const separatedPast = (): UserRow[] =>
  weeks(() => 1, 0).map((row) => (row.at <= WEEKS[1]! ? { ...row, gone: row.hours! > 5 } : row));

const WITHOUT_PENALTY = {
  ...HALF,
  training: { trainer: 'logistic-regression', window: '1 month', l2: 0 },
} as const;

describe('a temporal holdout that is due but fails', () => {
  const WORDS = /^the judgement "temporal holdout" was due and could not be made: NOT_CONVERGED: /;

  test('refuses the candidate although it is better on unseen entities', async () => {
    const model = await retrainableModel(database, 'separated', WITHOUT_PENALTY);
    await model.add(separatedPast());
    const { comparison } = await model.retrain(END);
    expect(comparison.body.outOfTime).toMatchObject({ judged: false, due: true, code: 'NOT_CONVERGED' });
    expect(comparison.body.difference.low).toBeGreaterThan(0);
    expect(comparison.decision).toMatchObject({ promote: false, outcome: 'judgement failed' });
    expect(comparison.decision.reason).toMatch(WORDS);
    expect(ruleOf(comparison, 'temporal holdout')).toMatchObject({ held: false, value: 'failed' });
    // The command that asked for the retrain fails, as it would by the error itself.
    const refused = { ...(await getRetrain(database, 'separated/1')), outcome: 'refused' };
    expect(await lacksJudgement({ database }, refused)).toBe(true);
    expect(await lacksJudgement({ database }, { ...refused, outcome: 'staged' })).toBe(false);
    const untrained = { ...refused, candidateVersion: null };
    const failed = leakCheckFailed(leakPolicyOf(undefined), { code: 'TIMEOUT', reason: 'it took too long' });
    expect(await lacksJudgement({ database }, { ...untrained, leaks: failed })).toBe(true);
    expect(await lacksJudgement({ database }, { ...untrained, leaks: null })).toBe(false);
    const { failed: _, ...found } = failed;
    expect(await lacksJudgement({ database }, { ...untrained, leaks: found })).toBe(false);
  });

  test('raises an alarm if the policy says so, which is shown to the person who approves', async () => {
    const model = await retrainableModel(database, 'warned', {
      ...WITHOUT_PENALTY,
      promotion: { failedJudgement: 'warn' },
    });
    await model.add(separatedPast());
    const { version, comparison } = await model.retrain(END);
    expect(comparison.decision).toMatchObject({ promote: true, outcome: 'better' });
    expect(comparison.decision.alarms).toEqual([expect.stringMatching(WORDS)]);
    const evidence = await model.run(() =>
      model.activities.assembleEvidence({
        model: 'warned',
        version,
        expiresAt: '2030-01-01T00:00:00Z',
        validation: { passed: true, checks: [], words: '' },
      }),
    );
    expect(evidence.summary).toContain(
      'alarm: the judgement "temporal holdout" was due and could not be made',
    );
    const { body } = (await findEvidence(database, 'warned', version))!;
    expect(body).toMatchObject({ decision: { rules: comparison.decision.rules } });
    const card = cardInMarkdown(modelCard(await cardFacts(database, 'warned', version), []));
    expect(card).toContain('the judgement "temporal holdout" was due and could not be made: NOT_CONVERGED');
    expect(card).toContain('| temporal holdout | no, warns | failed |');
  });

  test('is recorded as failed if its step died, and the candidate is refused if the comparison died', async () => {
    const model = await retrainableModel(database, 'died', HALF);
    await model.add(weeks(() => 1, 3));
    const { retrainId, version } = await model.train(END);
    const outOfTimeFailed = { code: null, reason: 'activity Heartbeat timeout' };
    const lost = await model.run(() =>
      model.activities.compareWithChampion({ retrainId, failed: outOfTimeFailed }),
    );
    expect(lost).toEqual({
      failed: true,
      words: 'the judgement "comparison" was due and could not be made: activity Heartbeat timeout',
    });
    await model.run(() => model.activities.compareWithChampion({ retrainId, outOfTimeFailed }));
    const decided = await model.run(() => model.activities.decidePromotion({ retrainId }));
    expect(decided).toMatchObject({ promote: false, outcome: 'judgement failed' });
    expect((await getComparison(database, 'died', version)).body.outOfTime).toEqual({
      judged: false,
      due: true,
      ...outOfTimeFailed,
    });
  });

  test('has the same result in its own step as inside the comparison', async () => {
    const model = await retrainableModel(database, 'twice', HALF);
    await model.add(weeks(() => 1, 3));
    const { retrainId, version } = await model.train(END);
    const before = await model.run(() => model.activities.judgeTemporalHoldout({ retrainId }));
    await model.run(() => model.activities.compareWithChampion({ retrainId }));
    expect((await getComparison(database, 'twice', version)).body.outOfTime).toEqual(before);
    expect(await model.run(() => model.activities.judgeTemporalHoldout({ retrainId }))).toEqual(before);
  });
});

test('a recipe that ranks the future better but has a much worse log loss there is refused by the calibration guard', async () => {
  const model = await retrainableModel(database, 'miscalibrated', HALF);
  const random = randomOf(5);
  const rows = (at: string, base: number, by: 'plan' | 'hours'): UserRow[] =>
    Array.from({ length: 600 }, (_, index) => {
      const hours = 10 * random();
      const plan = index % 2 === 0 ? 'a' : 'b';
      const logit = by === 'plan' ? (plan === 'a' ? 0.4 : -0.4) : 0.8 * (hours - 5);
      return { user: `u${index}`, at, hours, plan, gone: random() < 1 / (1 + Math.exp(-logit - base)) };
    });
  await model.add(rows('2024-01-15T00:00:00Z', -1.5, 'plan'));
  const first = await model.retrain('2024-01-15T00:00:00Z');
  await model.produce(first.version);
  // Most users leave in the first half of March and few later, so a fit of the past predicts too many.
  await model.add(WEEKS.flatMap((at, week) => rows(at, week < 2 ? 2.5 : -1.5, 'hours')));
  const { comparison } = await model.retrain(END);
  const result = comparison.body.outOfTime as TemporalHoldoutResult;
  expect(result.difference.low).toBeGreaterThan(0.1);
  expect(result.measures!.difference.logLoss.low).toBeGreaterThan(0.05);
  // On all rows the candidate has no fault.
  expect(comparison.body.measures!.difference.logLoss.high).toBeLessThan(0);
  expect(comparison.decision).toMatchObject({ promote: false, outcome: 'guard broken' });
  expect(ruleOf(comparison, 'calibration guard')).toMatchObject({
    held: false,
    value: result.measures!.difference.logLoss.value,
  });
  expect(comparison.decision.reason).toContain('on the holdout rows after 2024-03-11, significantly worse');
});
