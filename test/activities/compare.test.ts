// What a comparison proves: no version was trained on its rows, no label came too late, and how often the holdout was used.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { getVersion } from '../../store/registry/versions.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';
import { retrainableModel, type RetrainableModel, type UserRow } from '../helpers/retrainable-model.ts';
import { randomOf } from '../unit/drift/frame-of.ts';

let database: MigratedDatabase;
beforeAll(async () => {
  database = await migratedDatabase();
});
afterAll(() => database.drop());

// Enough rows are held out, so that none have to be scored out of fold.
const HALF = { holdout: { share: 0.5 } };

const JANUARY = '2024-01-15T00:00:00Z';
const FEBRUARY = '2024-02-15T00:00:00Z';

/** Users whose label depends on their hours; `flip` inverts it. */
function users(count: number, at: string, { flip = false, seed = 1 } = {}): UserRow[] {
  const random = randomOf(seed);
  return Array.from({ length: count }, (_, index) => {
    const hours = 10 * random();
    const gone = random() < 1 / (1 + Math.exp(-(hours - 5)));
    return {
      user: `u${index}`,
      at,
      hours,
      plan: index % 3 === 0 ? null : index % 2 === 0 ? 'a' : 'b',
      gone: gone !== flip,
    };
  });
}

describe('a second retrain after the labels were inverted', () => {
  let model: RetrainableModel;
  let first: Awaited<ReturnType<RetrainableModel['retrain']>>;
  let second: typeof first;
  beforeAll(async () => {
    model = await retrainableModel(database, 'turned', {
      ...HALF,
      promotion: { slices: [{ name: 'plan a', where: { plan: 'a' } }] },
    });
    await model.add(users(2_400, JANUARY));
    first = await model.retrain(JANUARY);
    await model.produce(first.version);
    await model.add(users(2_400, FEBRUARY, { flip: true, seed: 2 }));
    second = await model.retrain(FEBRUARY);
  });

  test('stores that the evaluation and training clusters of both versions do not intersect', () => {
    const { body } = second.comparison;
    expect(body.leakedClusters).toBe(0);
    const { evaluation, versions } = body.leakProof!;
    expect(evaluation).toMatchObject({ clusters: body.clusters, firstRow: '2024-02-15T00:00:00.000Z' });
    expect(versions).toMatchObject([
      { role: 'candidate', version: 2, sharedClusters: 0, lateLabels: 0, laterRows: 0 },
      { role: 'champion', version: 1, sharedClusters: 0, lateLabels: 0, laterRows: body.rows },
    ]);
    expect(versions.map(({ newestLabelKnown }) => newestLabelKnown)).toEqual([
      '2024-02-15T00:00:00.000Z',
      '2024-01-15T00:00:00.000Z',
    ]);
    for (const { newestLabelKnown, labelsKnownBy } of versions) {
      expect(Date.parse(newestLabelKnown!)).toBeLessThanOrEqual(Date.parse(labelsKnownBy));
    }
  });

  test('has champion, candidate and class prior side by side with intervals, and decisions at the threshold', () => {
    const { measures, mcnemar, candidate, champion, importance } = second.comparison.body;
    expect(measures!.candidate.logLoss.value).toBeCloseTo(candidate.logLoss, 12);
    expect(measures!.champion.logLoss.value).toBeCloseTo(champion.logLoss, 12);
    expect(measures!.difference.logLoss.high).toBeLessThan(0);
    expect(measures!.baseline.logLoss.value).toBeGreaterThan(candidate.logLoss);
    expect(measures!.baseline.logLoss.value).toBeLessThan(champion.logLoss);
    expect(measures!.bootstrap.replicates).toBe(1_000);
    expect(mcnemar).toMatchObject({ cuts: { champion: 0.5, candidate: 0.5 } });
    expect(mcnemar!.onlySecond).toBeGreaterThan(mcnemar!.onlyFirst);
    expect(importance!.map(({ feature }) => feature)).toEqual(['hours', 'plan']);
    expect(importance![0]!.importance).toBeGreaterThan(0.2);
  });

  test('tests named slices, bands and missing values', () => {
    const kinds = new Map(second.comparison.body.slices.map(({ name, kind }) => [name, kind]));
    expect(kinds.get('plan a')).toBe('named');
    expect(kinds.get('plan is missing')).toBe('missing');
    expect([...kinds.values()].filter((kind) => kind === 'band').length).toBeGreaterThan(0);
  });

  test('counts the earlier decisions on the holdout, and reports the champion that ranks the wrong way round', () => {
    expect(first.comparison.body.holdout).toEqual({ decisions: 0, onSameRows: 0 });
    expect(second.comparison.body.holdout).toEqual({ decisions: 1, onSameRows: 0 });
    const { decision } = second.comparison;
    expect(decision).toMatchObject({ promote: true, outcome: 'better', rulesVersion: 'promotion/3' });
    expect(decision.rules.find(({ name }) => name === 'holdout use')).toMatchObject({ value: 1 });
    expect(decision.alarms).toEqual([expect.stringContaining('of version 1 is significantly below 0.5')]);
  });

  test('says so if a third retrain uses the same rows, which is refused as not better', async () => {
    await model.produce(second.version);
    const third = await model.retrain(FEBRUARY);
    expect(third.comparison.body.holdout).toEqual({ decisions: 2, onSameRows: 1 });
    expect(third.comparison.body.difference).toMatchObject({ value: 0, p: 1 });
    expect(third.comparison.decision).toMatchObject({ promote: false, outcome: 'not better' });
  });

  test('keeps comparison and decision when the step is repeated, and neither can be changed or deleted', async () => {
    const before = second.comparison;
    await model.run(() => model.activities.compareWithChampion({ retrainId: 'turned/2' }));
    const again = await model.run(() => model.activities.decidePromotion({ retrainId: 'turned/2' }));
    expect(again).toMatchObject({ promote: true, reason: before.decision.reason });
    const { rows } = await database.pool.query<{ body: unknown }>(
      `select body from tidegate.comparison where model = 'turned' and candidate_version = 2`,
    );
    expect(rows[0]?.body).toEqual(before.body);
    for (const statement of [
      `update tidegate.comparison set body = '{}'`,
      `update tidegate.comparison set decision = '{}'`,
      `delete from tidegate.comparison`,
      `truncate tidegate.comparison cascade`,
    ]) {
      await expect(database.pool.query(statement)).rejects.toMatchObject({ code: 'TG001' });
    }
  });
});

test('a label that was not known by the instant that its version claims is detected', async () => {
  const model = await retrainableModel(database, 'late', HALF);
  await model.add(users(2_400, JANUARY));
  const { retrainId, version } = await model.train(JANUARY);
  // As a loader that rewrites history would do: training labels then appear to have become known later.
  await database.pool.query(
    `update late.outcome set loaded_at = now() + interval '1 day' where user_id in (
       select user_id from late.outcome order by user_id limit 100)`,
  );
  await model.run(() => model.activities.compareWithChampion({ retrainId }));
  const decided = await model.run(() => model.activities.decidePromotion({ retrainId }));
  expect(decided).toMatchObject({ promote: false, outcome: 'guard broken' });
  expect(decided.reason).toMatch(/^\d+ training labels became known after the instant/);
  expect((await getVersion(database, 'late', version)).stage).toBe('None');
});

test('training never reads the holdout: poisoned holdout rows do not change a byte of the artifact', async () => {
  const model = await retrainableModel(database, 'poisoned', {
    ...HALF,
    training: {
      trainer: 'logistic-regression',
      window: '1 month',
      calibration: 'isotonic',
      threshold: { cost: { falsePositive: 1, falseNegative: 3 } },
    },
  });
  await model.add(users(2_400, JANUARY));
  const clean = await model.train(JANUARY);
  const held = (await model.sample.join()).flatMap(({ held_out: isHeld, entity_key: key }) =>
    isHeld ? (JSON.parse(key) as string[]).slice(0, 1) : [],
  );
  expect(held.length).toBeGreaterThan(200);
  await database.pool.query('update poisoned.outcome set gone = not gone where user_id = any($1)', [held]);
  await database.pool.query(`update poisoned.usage set hours = 1e9, plan = 'p' where user_id = any($1)`, [
    held,
  ]);
  const poisoned = await model.train(JANUARY);
  expect(poisoned.version).toBe(clean.version + 1);
  const digest = async (version: number) => (await getVersion(database, 'poisoned', version)).artifactDigest;
  expect(await digest(poisoned.version)).toBe(await digest(clean.version));
  // One changed row outside the holdout does change it.
  await database.pool.query(
    'update poisoned.usage set hours = hours + 1 where user_id = (select min(user_id) from poisoned.usage where user_id <> all($1))',
    [held],
  );
  const learnt = await model.train(JANUARY);
  expect(await digest(learnt.version)).not.toBe(await digest(clean.version));
});
