// The rows of a window: which rows it has, with which keys, in which order, and with unchanged texts.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { category, instant, numeric } from '../../domain/model/parts/column.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';
import { sampleModel } from '../helpers/sample-model.ts';

let database: MigratedDatabase;

beforeAll(async () => (database = await migratedDatabase()));
afterAll(() => database.drop());

const at = '2024-03-15T12:00:00Z';
const spineRow = { user_id: 'u', at };

test("keeps the values of keys ('1', '11') and ('11', '1') separate", async () => {
  const model = await sampleModel(database, 'composite');
  const keys = [
    { user_id: '1', region: '11' },
    { user_id: '11', region: '1' },
    { user_id: '111', region: '' },
  ];
  await model.insert('spine', ...keys.map((key) => ({ ...key, at })));
  await model.insert('usage', ...keys.slice(0, 2).map((key, n) => ({ ...key, at, hours: n })));
  expect(await model.join()).toMatchObject([
    { entity_key: '["1", "11"]', hours: 0 },
    { entity_key: '["11", "1"]', hours: 1 },
    { entity_key: '["111", ""]', hours: null },
  ]);
});

test('compares keys of any Postgres type without a cast', async () => {
  await database.pool.query(`
    create schema key_types;
    create table key_types.spine (id uuid, n bigint, day date, at timestamptz);
    create table key_types.usage (id uuid, n bigint, day date, at timestamptz, hours float8, plan text);
    create table key_types.outcome (id uuid, n bigint, day date, at timestamptz, loaded_at timestamptz, gone boolean)`);
  const model = await sampleModel(database, 'key_types_model', {
    model: {
      entity: { name: 'user', keys: ['id', 'n', 'day'] },
      rows: { table: 'key_types.spine', timestamp: 'at' },
    },
    view: { table: 'key_types.usage' },
    label: { table: 'key_types.outcome' },
  });
  const key = `'5F0B4A2C-0000-4000-8000-000000000001', 9007199254740993, '2024-02-29'`;
  await database.pool.query(`
    insert into key_types.spine values (${key}, '${at}');
    insert into key_types.usage values (${key}, '${at}', 1, 'a')`);
  expect(await model.join()).toMatchObject([
    { entity_key: '["5f0b4a2c-0000-4000-8000-000000000001", "9007199254740993", "2024-02-29"]', hours: 1 },
  ]);
});

test('keeps the row of an entity without feature rows, with nulls', async () => {
  const model = await sampleModel(database, 'no_rows');
  await model.insert('spine', spineRow);
  expect(await model.join()).toMatchObject([
    { hours: null, plan: null, label: null, matched_0: null, hidden_0: false },
  ]);
});

test('returns categories unchanged', async () => {
  const odd = ['__proto__', 'constructor', "o'clock", '"', '\\', '👩‍👩‍👧', '', ' ', 'null', '{}', '\n', 'ß'];
  const model = await sampleModel(database, 'odd_texts');
  const times = odd.map((_, n) => `2024-03-15T00:00:${String(n).padStart(2, '0')}Z`);
  await model.insert('spine', ...odd.map((user_id, n) => ({ user_id, at: times[n] })));
  await model.insert('usage', ...odd.map((plan, n) => ({ user_id: plan, at: times[n], plan })));
  const rows = await model.join();
  expect(rows.map(({ plan }) => plan).toSorted()).toEqual(odd.toSorted());
  for (const { entity_key, plan } of rows) expect(JSON.parse(entity_key)).toEqual([plan, 'eu']);
});

test('accepts columns, tables and schemas whose names need quotes', async () => {
  await database.pool.query(`
    create schema "Select";
    create table "Select"."Order" (user_id text, region text, "At" timestamptz, "group" float8, "Plan$" text)`);
  const model = await sampleModel(database, 'quoted_names', {
    view: { table: 'Select.Order', timestamp: 'At', columns: { group: numeric(), Plan$: category(['a']) } },
  });
  await model.insert('spine', spineRow);
  await database.pool.query(`insert into "Select"."Order" values ('u', 'eu', '${at}', 4, 'a')`);
  expect(await model.join()).toMatchObject([{ group: 4, Plan$: 'a' }]);
});

test('joins columns that only derived columns read, with an instant in microseconds', async () => {
  const model = await sampleModel(database, 'inputs', {
    view: { columns: { loaded_at: instant(), hours: numeric({ inputOnly: true }), plan: category() } },
  });
  await model.insert('spine', spineRow);
  await model.insert('usage', { user_id: 'u', at, loaded_at: '1970-01-01T00:00:01.000002Z', hours: 7 });
  const [row] = await model.join();
  expect(row).toMatchObject({ loaded_at: 1_000_002, hours: 7, plan: null });
  expect(Object.keys(row ?? {}).slice(5, 10)).toEqual([
    'loaded_at',
    'hours',
    'plan',
    'matched_0',
    'hidden_0',
  ]);
});

test('accepts a SQL view of the user as source of features and of labels', async () => {
  const model = await sampleModel(database, 'views', {
    view: { table: 'views.usage_view' },
    label: { table: 'views.outcome_view' },
  });
  await database.pool.query(`
    create view views.usage_view as select * from views.usage;
    create view views.outcome_view as select * from views.outcome`);
  await model.insert('spine', spineRow);
  await model.insert('usage', { user_id: 'u', at, hours: 1 });
  await model.insert('outcome', { user_id: 'u', at, loaded_at: at, gone: true });
  expect(await model.join()).toMatchObject([{ hours: 1, label: 1 }]);
});

test('includes the row at the end of the window and excludes the one at its beginning', async () => {
  const model = await sampleModel(database, 'window_edges');
  const times = [
    '2024-02-29T00:00:00Z',
    '2024-02-29T00:00:00.000001Z',
    '2024-03-31T00:00:00Z',
    '2024-03-31T00:00:00.000001Z',
  ];
  await model.insert('spine', ...times.map((time) => ({ user_id: 'u', at: time })));
  const rows = await model.join({ from: '2024-02-29Z', to: '2024-03-31Z' });
  expect(rows.map(({ row_time }) => row_time)).toEqual([1_709_164_800_000_001, 1_711_843_200_000_000]);
});

test('orders rows by key and time, with any collation', async () => {
  const model = await sampleModel(database, 'ordered');
  const keys = ['b', 'B', 'a', 'É', '_', 'Z', 'é'];
  await model.insert(
    'spine',
    ...keys.flatMap((user_id) => [
      { user_id, at },
      { user_id, at: '2024-03-14Z' },
    ]),
  );
  const rows = await model.join();
  const users = rows.map(({ entity_key }) => (JSON.parse(entity_key) as string[])[0]);
  expect(users).toEqual(['B', 'Z', '_', 'a', 'b', 'É', 'é'].flatMap((key) => [key, key]));
  for (let n = 0; n < rows.length; n += 2) {
    expect(rows[n]?.row_time).toBeLessThan(rows[n + 1]?.row_time ?? 0);
  }
});
