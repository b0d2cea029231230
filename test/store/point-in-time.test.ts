// The point-in-time join: a row has the values that were known at its time, to the microsecond, and nothing
// else.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';
import { sampleModel } from '../helpers/sample-model.ts';

let database: MigratedDatabase;

beforeAll(async () => (database = await migratedDatabase()));
afterAll(() => database.drop());

const at = '2024-03-15T12:00:00Z';
const spineRow = { user_id: 'u', at };

test('uses a value with exactly the time of the row, and not one a microsecond later', async () => {
  const model = await sampleModel(database, 'time_edge');
  await model.insert('spine', spineRow);
  await model.insert('usage', { user_id: 'u', at: '2024-03-15T12:00:00.000001Z', hours: 2 });
  expect(await model.join()).toMatchObject([{ hours: null, matched_0: null }]);
  await model.insert('usage', { user_id: 'u', at, hours: 1 });
  expect(await model.join()).toMatchObject([{ hours: 1, matched_0: true }]);
});

test('never uses a value with a future timestamp, not even an infinite one', async () => {
  const model = await sampleModel(database, 'future');
  await model.insert('spine', spineRow);
  await model.insert(
    'usage',
    { user_id: 'u', at: '2999-01-01Z', hours: 2 },
    { user_id: 'u', at: 'infinity', hours: 3 },
  );
  expect(await model.join()).toMatchObject([{ hours: null }]);
});

test('uses a value exactly as old as the ttl, and not one a microsecond older', async () => {
  const model = await sampleModel(database, 'ttl_edge', { view: { ttl: '45 days' } });
  await model.insert('spine', { user_id: 'kept', at }, { user_id: 'gone', at });
  await model.insert(
    'usage',
    { user_id: 'kept', at: '2024-01-30T12:00:00Z', hours: 1 },
    { user_id: 'gone', at: '2024-01-30T11:59:59.999999Z', hours: 1 },
  );
  expect(await model.join()).toMatchObject([
    { entity_key: '["gone", "eu"]', hours: null },
    { entity_key: '["kept", "eu"]', hours: 1 },
  ]);
});

test('uses a value of any age if there is no ttl', async () => {
  const model = await sampleModel(database, 'no_ttl');
  await model.insert('spine', spineRow);
  await model.insert('usage', { user_id: 'u', at: '1924-01-01Z', hours: 1 });
  expect(await model.join()).toMatchObject([{ hours: 1 }]);
});

test('uses a value known exactly at the end of the lag, and hides one known a microsecond later', async () => {
  const model = await sampleModel(database, 'lag_edge', { view: { known: 'loaded_at', lag: '6 hours' } });
  await model.insert('spine', { user_id: 'seen', at }, { user_id: 'late', at });
  await model.insert(
    'usage',
    { user_id: 'seen', at, loaded_at: '2024-03-15T18:00:00Z', hours: 1 },
    { user_id: 'late', at, loaded_at: '2024-03-15T18:00:00.000001Z', hours: 1 },
  );
  expect(await model.join()).toMatchObject([
    { entity_key: '["late", "eu"]', hours: null, hidden_0: true },
    { entity_key: '["seen", "eu"]', hours: 1, hidden_0: false },
  ]);
});

test('uses an older known value instead of a newer one that was not yet known', async () => {
  const model = await sampleModel(database, 'stand_in', { view: { known: 'loaded_at', lag: '0 hours' } });
  await model.insert('spine', spineRow);
  await model.insert(
    'usage',
    { user_id: 'u', at: '2024-03-14Z', loaded_at: '2024-03-14Z', hours: 1 },
    { user_id: 'u', at: '2024-03-15Z', loaded_at: '2024-03-16Z', hours: 2 },
  );
  expect(await model.join()).toMatchObject([{ hours: 1, hidden_0: false }]);
});

test('hides a value whose known time is null', async () => {
  const model = await sampleModel(database, 'never_known', { view: { known: 'loaded_at', lag: '6 hours' } });
  await model.insert('spine', spineRow);
  await model.insert('usage', { user_id: 'u', at, hours: 1 });
  expect(await model.join()).toMatchObject([{ hours: null, hidden_0: true }]);
});

test('counts rows loaded before knownSince as known at their own time, but not rows loaded exactly at it', async () => {
  const knownSince = '2024-06-01T00:00:00Z';
  const model = await sampleModel(database, 'backfill', {
    view: { known: 'loaded_at', lag: '6 hours', knownSince },
  });
  await model.insert('spine', { user_id: 'backfilled', at }, { user_id: 'late', at });
  await model.insert(
    'usage',
    { user_id: 'backfilled', at, loaded_at: '2024-05-31T23:59:59.999999Z', hours: 1 },
    { user_id: 'late', at, loaded_at: knownSince, hours: 1 },
  );
  expect(await model.join()).toMatchObject([
    { entity_key: '["backfilled", "eu"]', hours: 1, hidden_0: false },
    { entity_key: '["late", "eu"]', hours: null, hidden_0: true },
  ]);
});

test('uses a correction imported on the 9th for the 3rd as of the 9th, and not as of the 3rd', async () => {
  const model = await sampleModel(database, 'correction', { view: { known: 'loaded_at', lag: '6 hours' } });
  await model.insert('spine', { user_id: 'u', at: '2024-03-03Z' }, { user_id: 'u', at: '2024-03-09Z' });
  await model.insert(
    'usage',
    { user_id: 'u', at: '2024-03-03Z', loaded_at: '2024-03-03T02:00:00Z', hours: 1 },
    { user_id: 'u', at: '2024-03-03Z', loaded_at: '2024-03-09T00:00:00Z', hours: 9 },
  );
  expect((await model.join()).map(({ hours }) => hours)).toEqual([1, 9]);
});

test('uses the row that was known last if two have the same timestamp', async () => {
  const model = await sampleModel(database, 'ties', { view: { known: 'loaded_at', lag: '6 hours' } });
  await model.insert('spine', spineRow, spineRow);
  await model.insert(
    'usage',
    { user_id: 'u', at, loaded_at: '2024-03-15T14:00:00Z', hours: 2 },
    { user_id: 'u', at, loaded_at: '2024-03-15T13:00:00Z', hours: 3 },
  );
  expect(await model.join()).toMatchObject([{ hours: 2 }]);
});

test('chooses the same row of a full tie, in any order of writing', async () => {
  const model = await sampleModel(database, 'full_ties');
  await model.insert('spine', spineRow);
  const tied = [
    { user_id: 'u', at, hours: 1, plan: 'b' },
    { user_id: 'u', at, hours: null, plan: 'b' },
    { user_id: 'u', at, hours: 2, plan: 'a' },
    { user_id: 'u', at, hours: 2, plan: null },
  ];
  for (const order of [tied, tied.toReversed()]) {
    await database.pool.query(`truncate ${model.table('usage')}`);
    await model.insert('usage', ...order);
    expect(await model.join()).toMatchObject([{ hours: 2, plan: 'a' }]);
  }
});

test('counts a matching row with a null value as a match', async () => {
  const model = await sampleModel(database, 'null_value');
  await model.insert('spine', spineRow);
  await model.insert('usage', { user_id: 'u', at: '2024-03-14Z', hours: 1 }, { user_id: 'u', at });
  expect(await model.join()).toMatchObject([{ hours: null, matched_0: true }]);
});
