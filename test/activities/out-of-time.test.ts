// Judged out of time: the recipe learns what was known by the cut, and its future decides where it is long enough.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type OutOfTimeResult } from '../../domain/lifecycle/out-of-time.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';
import { retrainableModel, type UserRow } from '../helpers/retrainable-model.ts';
import { randomOf } from '../unit/drift/frame-of.ts';

let database: MigratedDatabase;
beforeAll(async () => {
  database = await migratedDatabase();
});
afterAll(() => database.drop());

const WEEKS = ['2024-03-04', '2024-03-11', '2024-03-18', '2024-03-25'].map((day) => `${day}T00:00:00Z`);
const END = WEEKS[3]!;
const HALF = { holdout: { share: 0.5 } };

const later = (at: string, days: number): string =>
  new Date(Date.parse(at) + days * 86_400_000).toISOString();

/** 600 users in each week; the label follows the hours, its sign as `sign` says for the week, known `days` later. */
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

test('a recipe that holds in the future passes by entity+time, on labels known by the cut alone', async () => {
  const model = await retrainableModel(database, 'holds', HALF);
  await model.add(weeks(() => 1, 3));
  const { comparison } = await model.retrain(END);
  const result = comparison.body.outOfTime as OutOfTimeResult;
  expect(result).toMatchObject({
    judged: true,
    cut: '2024-03-11T00:00:00.000Z',
    rowTimes: 4,
    labelTimes: 'known',
  });
  // At the cut, the labels of its own week were still three days away.
  const rows = await model.sample.join({ to: '2024-03-04Z' });
  expect(result.trainedRows).toBe(rows.filter(({ held_out: isHeld }) => !isHeld).length);
  expect(result.candidateAuc.low).toBeGreaterThan(0.7);
  expect(comparison.decision).toMatchObject({ promote: true, outcome: 'better' });
  expect(comparison.decision.rules[0]).toMatchObject({ name: 'evaluation', value: 'entity+time' });
  const evidence = comparison.decision.rules.find(({ name }) => name === 'enough evidence');
  expect(evidence?.value).toBe(Math.min(result.positiveClusters, result.negativeClusters));
});

test('a recipe that holds on unseen entities and not in the future is refused by entity+time', async () => {
  const model = await retrainableModel(database, 'turns', HALF);
  // Two weeks one way and two the other: the whole window is learnt well enough, its past says the opposite.
  await model.add(weeks((week) => (week < 2 ? -0.4 : 1), 0));
  const { comparison } = await model.retrain(END);
  expect(comparison.body.difference.low).toBeGreaterThan(0);
  expect((comparison.body.outOfTime as OutOfTimeResult).difference.high).toBeLessThan(0);
  expect(comparison.decision).toMatchObject({ promote: false, outcome: 'not better' });
  expect(comparison.decision.rules[0]).toMatchObject({ value: 'entity+time' });
});

test('where too little was known by the cut the entity holdout decides, and says why', async () => {
  const model = await retrainableModel(database, 'awaited', HALF);
  await model.add(weeks(() => 1, 30));
  const { comparison } = await model.retrain(END);
  expect(comparison.body.outOfTime).toEqual({
    judged: false,
    reason: 'from what was known by 2024-03-11 nothing could be learnt: no label was known by then',
  });
  expect(comparison.decision.promote).toBe(true);
  expect(comparison.decision.rules[0]).toMatchObject({ value: 'entity' });
  expect(comparison.decision.rules[0]?.words).toContain('no label was known by then');
});
