// The window that a retrain trains on: the report's dataset if that is the same window, also when the step is repeated.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ModelInput } from '../../domain/model/definition.ts';
import { getReport } from '../../store/registry/reports.ts';
import { getRetrain } from '../../store/registry/retrains.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';
import { retrainableModel, type UserRow } from '../helpers/retrainable-model.ts';

const JANUARY = '2024-01-31T00:00:00.000Z';

let database: MigratedDatabase;
beforeAll(async () => (database = await migratedDatabase()));
afterAll(() => database.drop());

const users = Array.from({ length: 600 }, (_, index): UserRow => ({
  user: `u${index}`,
  at: JANUARY,
  hours: index % 17,
  plan: index % 3 === 0 ? 'a' : 'b',
  gone: index % 4 === 0,
}));

const datasets = async (model: string): Promise<number> => {
  const { rows } = await database.pool.query<{ count: number }>(
    'select count(*)::int as count from tidegate.dataset where model = $1',
    [model],
  );
  return rows[0]!.count;
};

const ofMonths = (window: string): Partial<ModelInput> => ({
  monitor: { every: '1 month', window: '1 month', timezone: 'UTC' },
  training: { trainer: 'logistic-regression', window },
});

test('a retrain uses the dataset of its report, and a repeated step keeps it', async () => {
  const model = await retrainableModel(database, 'shared', ofMonths('1 month'));
  await model.add(users);
  const reportId = await model.report(JANUARY);
  const { retrainId } = await model.plan(JANUARY, reportId);
  const { datasetId } = await getReport(database, reportId);
  expect((await getRetrain(database, retrainId)).datasetId).toBe(datasetId);
  await model.run(() => model.activities.freezeTrainingWindow({ retrainId }));
  expect((await getRetrain(database, retrainId)).datasetId).toBe(datasetId);
  expect(await datasets('shared')).toBe(1);
});

test('a retrain with a longer window freezes its own rows', async () => {
  const model = await retrainableModel(database, 'longer', ofMonths('2 months'));
  await model.add(users);
  const reportId = await model.report(JANUARY);
  const { retrainId } = await model.plan(JANUARY, reportId);
  const { datasetId } = await getReport(database, reportId);
  expect((await getRetrain(database, retrainId)).datasetId).not.toBe(datasetId);
  await model.run(() => model.activities.freezeTrainingWindow({ retrainId }));
  expect(await datasets('longer')).toBe(2);
});
