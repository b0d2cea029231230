// Mature, awaited, overdue and assumed labels: how they are counted, and at which row a training window ends.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeBackfilled, describeLabels } from '../../domain/data/label-states.ts';
import { trainingRows } from '../../domain/data/frame.ts';
import { type Dataset, getDataset } from '../../store/registry/dataset.ts';
import { freezeWindow } from '../../store/datasets/freeze.ts';
import { readDataset } from '../../store/datasets/read.ts';
import { applyDefinition } from '../../store/definitions/definitions.ts';
import { countFreshLabels, newestLabelledTime } from '../../store/join/newest-labelled-time.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';
import { type SampleModel, sampleModel, type SampleOptions } from '../helpers/sample-model.ts';

let database: MigratedDatabase;

beforeAll(async () => (database = await migratedDatabase()));
afterAll(() => database.drop());

const DAY = 86_400_000;
/** Returns the midnight a number of days before today, so that label delays really have passed. */
const daysAgo = (days: number): string =>
  new Date(Math.floor(Date.now() / DAY) * DAY - days * DAY).toISOString();

const window = { from: new Date(Date.now() - 400 * DAY), to: new Date() };

async function applied(name: string, options: SampleOptions): Promise<SampleModel> {
  const model = await sampleModel(database, name, options);
  await applyDefinition(database, model.definition, 'ada');
  return model;
}

const freeze = ({ definition }: SampleModel): Promise<Dataset> =>
  freezeWindow(database, { request: definition.name, definition, definitionVersion: 1, window });

/** Labelled and unlabelled users, on days before and after a delay of 30 days. */
async function someLabels(model: SampleModel): Promise<void> {
  const users = ['late', 'early', 'gone', 'stayed'];
  await model.insert('spine', ...users.map((user_id) => ({ user_id, at: daysAgo(60) })));
  await model.insert('spine', ...users.map((user_id) => ({ user_id, at: daysAgo(10) })));
  await model.insert(
    'outcome',
    { user_id: 'gone', at: daysAgo(60), loaded_at: daysAgo(40), gone: true },
    { user_id: 'stayed', at: daysAgo(60), loaded_at: daysAgo(40), gone: false },
    { user_id: 'gone', at: daysAgo(10), loaded_at: daysAgo(9), gone: true },
  );
}

test('counts a row without a label as awaited until its delay has passed, and as overdue after it', async () => {
  const model = await applied('overdue', { label: { delay: '30 days' } });
  await someLabels(model);
  const dataset = await freeze(model);
  expect(dataset).toMatchObject({
    rows: 8,
    labelledRows: 3,
    assumedLabels: 0,
    awaitedLabels: 3,
    overdueLabels: 2,
  });
  expect(await getDataset(database, dataset.id)).toEqual(dataset);
  expect(describeLabels(dataset)).toBe('3 labelled, 3 awaited, 2 overdue');
});

test('counts an absent label as negative after its delay if the definition says so', async () => {
  const model = await applied('assumed', { label: { delay: '30 days', absentMeans: 'negative' } });
  await someLabels(model);
  const dataset = await freeze(model);
  expect(dataset).toMatchObject({ labelledRows: 5, assumedLabels: 2, awaitedLabels: 3, overdueLabels: 0 });
  expect(describeLabels(dataset)).toBe('5 labelled (2 assumed negative), 3 awaited');
  const { frame } = await readDataset(database, dataset);
  expect([...frame.labels].filter((label) => label === 0)).toHaveLength(3);
  expect(await countFreshLabels(database, model.definition, window)).toBe(trainingRows(frame).length);
});

test('uses rows without a mature label for drift and not for training', async () => {
  const model = await applied('unlabelled', { label: { delay: '30 days' } });
  await someLabels(model);
  const dataset = await freeze(model);
  const { frame } = await readDataset(database, dataset);
  expect(frame.rows).toBe(8);
  expect(dataset.trainingRows).toBeLessThanOrEqual(3);
  expect(trainingRows(frame)).toHaveLength(dataset.trainingRows);
});

test('finds the newest row with a label, or past its delay if an absent label counts', async () => {
  const plain = await sampleModel(database, 'newest_plain', { label: { delay: '5 days' } });
  const assumed = await sampleModel(database, 'newest_assumed', {
    label: { delay: '5 days', absentMeans: 'negative' },
  });
  for (const model of [plain, assumed]) {
    await model.insert('spine', ...[60, 10, 2].map((days) => ({ user_id: 'u', at: daysAgo(days) })));
    await model.insert('outcome', { user_id: 'u', at: daysAgo(60), loaded_at: daysAgo(59), gone: true });
  }
  expect(await newestLabelledTime(database, plain.definition, null)).toEqual(new Date(daysAgo(60)));
  expect(await newestLabelledTime(database, assumed.definition, null)).toEqual(new Date(daysAgo(10)));
});

test('finds the same newest labelled row with and without indexes', async () => {
  const model = await sampleModel(database, 'newest_indexed', {});
  await database.pool.query(`
    insert into newest_indexed.spine select 'u' || n, 'eu', '${daysAgo(30)}'::timestamptz + n * interval '1 minute'
      from generate_series(1, 5000) n;
    insert into newest_indexed.outcome select user_id, region, at, at, true from newest_indexed.spine where at < '${daysAgo(28)}';
    analyze newest_indexed.spine, newest_indexed.outcome`);
  const without = await newestLabelledTime(database, model.definition, null);
  await database.pool.query(`
    create index on newest_indexed.spine (at);
    create index on newest_indexed.outcome (user_id, region, at)`);
  expect(await newestLabelledTime(database, model.definition, null)).toEqual(without);
  expect(without).toEqual(new Date(Date.parse(daysAgo(28)) - 60_000));
});

test('uses a label that was changed later only in a later freeze', async () => {
  const model = await sampleModel(database, 'changed_label', {});
  await model.insert('spine', { user_id: 'u', at: daysAgo(60) });
  await model.insert(
    'outcome',
    { user_id: 'u', at: daysAgo(60), loaded_at: daysAgo(50), gone: false },
    { user_id: 'u', at: daysAgo(60), loaded_at: daysAgo(20), gone: true },
  );
  expect(await model.join({ asKnownAt: daysAgo(30) })).toMatchObject([{ label: 0 }]);
  expect(await model.join({ asKnownAt: daysAgo(10) })).toMatchObject([{ label: 1 }]);
});

test('marks only a dataset that used history loaded later as backfilled', async () => {
  const knownSince = daysAgo(5);
  const options = { view: { known: 'loaded_at', lag: '1 hour', knownSince } };
  const model = await applied('backfilled', options);
  await model.insert('spine', { user_id: 'u', at: daysAgo(60) }, { user_id: 'v', at: daysAgo(60) });
  await model.insert(
    'usage',
    { user_id: 'u', at: daysAgo(60), loaded_at: daysAgo(6), hours: 1 },
    { user_id: 'v', at: daysAgo(60), loaded_at: daysAgo(60), hours: 2 },
  );
  const { backfilled } = await freeze(model);
  expect(backfilled).toEqual([{ table: 'backfilled.usage', knownSince, rows: 1 }]);
  expect(describeBackfilled(backfilled)).toBe(
    `1 row uses history of backfilled.usage that was loaded later (knownSince ${knownSince})`,
  );
  const prompt = await applied('in_time', options);
  await prompt.insert('spine', { user_id: 'v', at: daysAgo(60) });
  await prompt.insert('usage', { user_id: 'v', at: daysAgo(60), loaded_at: daysAgo(60), hours: 2 });
  expect((await freeze(prompt)).backfilled).toEqual([]);
});
