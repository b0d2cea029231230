// Labels: those of the row's very time, known by the instant of the freeze, the latest known of them.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newestLabelledTime } from '../../store/features/newest-labelled-time.ts';
import { newestRowTime } from '../../store/features/newest-row-time.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';
import { sampleModel } from '../helpers/sample-model.ts';

let database: MigratedDatabase;

beforeAll(async () => (database = await migratedDatabase()));
afterAll(() => database.drop());

const at = '2024-03-15T12:00:00Z';
const loaded_at = '2024-03-20T00:00:00Z';
const row = { user_id: 'u', at };

test('a label known later than as_known_at is not seen, and one known exactly then is', async () => {
  const model = await sampleModel(database, 'known_edge');
  await model.insert('spine', row);
  await model.insert('outcome', { ...row, loaded_at, gone: true });
  expect(await model.join({ asKnownAt: '2024-03-19T23:59:59.999999Z' })).toMatchObject([{ label: null }]);
  expect(await model.join({ asKnownAt: loaded_at })).toMatchObject([{ label: 1 }]);
});

test('a label changed later is a new value, and the one before stands until it is known', async () => {
  const model = await sampleModel(database, 'changed_label');
  await model.insert('spine', row);
  const later = '2024-04-01T00:00:00Z';
  await model.insert('outcome', { ...row, loaded_at, gone: true }, { ...row, loaded_at: later, gone: false });
  expect(await model.join({ asKnownAt: loaded_at })).toMatchObject([{ label: 1 }]);
  expect(await model.join({ asKnownAt: later })).toMatchObject([{ label: 0 }]);
});

test('a label of another time is not the label of the row', async () => {
  const model = await sampleModel(database, 'other_time');
  await model.insert('spine', row);
  await model.insert('outcome', { user_id: 'u', at: '2024-03-15T12:00:00.000001Z', loaded_at, gone: true });
  expect(await model.join()).toMatchObject([{ label: null }]);
});

test('a label that is null is none', async () => {
  const model = await sampleModel(database, 'null_label');
  await model.insert('spine', row);
  await model.insert('outcome', { ...row, loaded_at, gone: null });
  expect(await model.join()).toMatchObject([{ label: null }]);
});

test('labels that tie give one row', async () => {
  const model = await sampleModel(database, 'tied_labels');
  await model.insert('spine', row);
  const [no, yes] = [false, true].map((gone) => ({ ...row, loaded_at, gone }));
  await model.insert('outcome', { ...row, loaded_at, gone: null }, yes ?? {}, no ?? {});
  expect(await model.join()).toMatchObject([{ label: 1 }]);
});

test('a label table that does not say when it was known is known at once', async () => {
  const model = await sampleModel(database, 'no_known');
  const label = { table: 'no_known.outcome', column: 'gone', timestamp: 'at' };
  const timeless = await sampleModel(database, 'no_known_model', {
    model: { label, rows: { table: 'no_known.spine', timestamp: 'at' } },
  });
  await model.insert('spine', row);
  await model.insert('outcome', { ...row, gone: true });
  expect(await timeless.join({ asKnownAt: '2000-01-01Z' })).toMatchObject([{ label: 1 }]);
});

const positives = [
  ['boolean', true, ['true', 'false'], [1, 0]],
  ['boolean', false, ['true', 'false'], [0, 1]],
  ['text', 'yes', ['yes', 'no', 'Yes'], [1, 0, 0]],
  ['text', "o'clock", ["o'clock", 'other'], [1, 0]],
  ['integer', 1, ['1', '0', '2'], [1, 0, 0]],
  ['numeric(3,1)', 1, ['1.0', '0.0'], [1, 0]],
  ['double precision', 0.5, ['0.5', '1'], [1, 0]],
] as const;

test.each(positives)('a %s label is positive where it is %j', async (type, positive, values, labels) => {
  const name = `positive_${type.replace(/\W/g, '_')}_${positives.findIndex((each) => each[1] === positive)}`;
  const model = await sampleModel(database, name, { label: { positive } });
  await database.pool.query(
    `alter table ${model.table('outcome')} drop column gone; alter table ${model.table('outcome')} add gone ${type}`,
  );
  for (const [n, gone] of values.entries()) {
    await model.insert('spine', { user_id: `${n}`, at });
    await model.insert('outcome', { user_id: `${n}`, at, loaded_at, gone });
  }
  expect((await model.join()).map(({ label }) => label)).toEqual([...labels]);
});

test('the newest labelled time counts only rows with a label, known by now, at or before the as-of', async () => {
  const model = await sampleModel(database, 'newest');
  const days = ['2024-03-01Z', '2024-03-02Z', '2024-03-03Z', '2024-03-04Z'];
  await model.insert('spine', ...days.map((day) => ({ user_id: 'u', at: day })));
  expect(await newestLabelledTime(database, model.definition, null)).toBeUndefined();
  await model.insert(
    'outcome',
    { user_id: 'u', at: days[0], loaded_at, gone: true },
    { user_id: 'u', at: days[1], loaded_at, gone: false },
    { user_id: 'u', at: days[2], loaded_at, gone: null },
    { user_id: 'u', at: days[3], loaded_at: '2999-01-01Z', gone: true },
    { user_id: 'stranger', at: days[3], loaded_at, gone: true },
  );
  const newest = (asOf: string | null) =>
    newestLabelledTime(database, model.definition, asOf === null ? null : new Date(asOf));
  expect(await newest(null)).toEqual(new Date('2024-03-02Z'));
  expect(await newest('2024-03-02T00:00:00Z')).toEqual(new Date('2024-03-02Z'));
  expect(await newest('2024-03-01T23:59:59.999Z')).toEqual(new Date('2024-03-01Z'));
});

test('a window that ends at the newest labelled time holds that row, also between two milliseconds', async () => {
  const model = await sampleModel(database, 'fractions');
  const fraction = '2024-03-02T00:00:00.123456Z';
  await model.insert('spine', { user_id: 'u', at: fraction });
  await model.insert('outcome', { user_id: 'u', at: fraction, loaded_at, gone: true });
  const labelled = await newestLabelledTime(database, model.definition, null);
  const newest = await newestRowTime(database, model.definition);
  expect(newest).toEqual(new Date('2024-03-02T00:00:00.124Z'));
  expect(labelled).toEqual(newest);
  expect(await model.join({ to: (newest as Date).toISOString() })).toHaveLength(1);
});
