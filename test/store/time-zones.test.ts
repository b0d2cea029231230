// Times without a zone are UTC and days have 24 hours, in every time zone of the server.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freezeWindow } from '../../store/datasets/freeze.ts';
import { applyDefinition, getDefinition } from '../../store/definitions/definitions.ts';
import { newestLabelledTime } from '../../store/join/newest-labelled-time.ts';
import { materialize } from '../../store/online/materialize.ts';
import { openDatabase } from '../../store/postgres/database.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';
import { sampleModel } from '../helpers/sample-model.ts';

const zones = ['UTC', 'America/New_York', 'Pacific/Kiritimati'];
const databases = new Map<string, MigratedDatabase>();

beforeAll(async () => {
  for (const zone of zones) {
    databases.set(
      zone,
      await migratedDatabase({ max: 3 }, [`timezone = '${zone}'`, `datestyle = 'German, DMY'`]),
    );
  }
});
afterAll(async () => {
  for (const database of databases.values()) await database.drop();
});

const inEach = zones.flatMap((zone) =>
  ['timestamptz', 'timestamp', 'date'].flatMap((spine) =>
    ['timestamptz', 'timestamp', 'date'].map((view) => [zone, spine, view] as const),
  ),
);

const open = (zone: string): MigratedDatabase => databases.get(zone) as MigratedDatabase;
const midnight = Date.parse('2024-03-10Z') * 1000;

test.each(inEach)(
  'in %s, a %s row sees a %s value of the same midnight in UTC',
  async (zone, spine, view) => {
    const name = `edges_${spine}_${view}`;
    const model = await sampleModel(open(zone), name, { spineTime: spine, viewTime: view });
    await model.insert('spine', { user_id: 'u', at: '2024-03-10' }, { user_id: 'u', at: '2024-03-09' });
    await model.insert('usage', { user_id: 'u', at: '2024-03-10', hours: 1 });
    const window = { from: '2024-03-09T00:00:00Z', to: '2024-03-10T00:00:00Z' };
    expect(await model.join(window)).toMatchObject([{ row_time: midnight, hours: 1 }]);
    expect(await model.join({ ...window, to: '2024-03-09T23:59:59.999999Z' })).toEqual([]);
  },
);

// New York moved its clocks forward on 10 March 2024: that local day had 23 hours.
test.each(zones)('in %s, a ttl of one day is 24 hours when the clocks change', async (zone) => {
  const model = await sampleModel(open(zone), 'clocks', { view: { ttl: '1 day' } });
  const at = '2024-03-11T03:30:00Z';
  await model.insert('spine', { user_id: 'kept', at }, { user_id: 'gone', at });
  await model.insert(
    'usage',
    { user_id: 'kept', at: '2024-03-10T03:30:00Z', hours: 1 },
    { user_id: 'gone', at: '2024-03-10T03:29:59.999999Z', hours: 1 },
  );
  expect(await model.join()).toMatchObject([{ hours: null }, { hours: 1 }]);
});

test('the same rows have the same digest, newest label and online row in every time zone', async () => {
  const results = await Promise.all(
    zones.map(async (zone) => {
      const database = open(zone);
      const model = await sampleModel(database, 'same', { spineTime: 'date', viewTime: 'timestamp' });
      await model.insert('spine', { user_id: 'u', at: '2024-03-10' }, { user_id: 'u', at: '2024-03-11' });
      await model.insert('usage', { user_id: 'u', at: '2024-03-10', hours: 1 });
      await model.insert('outcome', { user_id: 'u', at: '2024-03-10', loaded_at: '2024-03-10Z', gone: true });
      await applyDefinition(database, model.definition, 'ada');
      const { digest, labelledRows } = await freezeWindow(database, {
        request: 'same',
        definition: model.definition,
        definitionVersion: 1,
        window: { from: new Date('2024-03-09Z'), to: new Date('2024-03-11Z') },
      });
      await materialize(database, {
        source: await getDefinition(database, 'same'),
        asOf: new Date('2024-03-10Z'),
      });
      const { rows } = await database.pool.query(
        'select entity_key, row_time, features from tidegate.online_row',
      );
      const newest = await newestLabelledTime(database, model.definition, null);
      return { digest, labelledRows, rows: rows as unknown[], newest };
    }),
  );
  expect(results[0]).toMatchObject({
    labelledRows: 1,
    newest: new Date('2024-03-10Z'),
    rows: [{ row_time: new Date('2024-03-10Z'), features: { hours: 1, plan: null } }],
  });
  expect(results[1]).toEqual(results[0]);
  expect(results[2]).toEqual(results[0]);
});

test("keeps settings from the database's URL", async () => {
  const url = new URL(open('UTC').url);
  url.searchParams.set('options', '-c statement_timeout=4321 -c TimeZone=Asia/Tokyo');
  const database = openDatabase(url.href);
  const { rows } = await database.pool.query(
    `select current_setting('statement_timeout') as timeout, current_setting('TimeZone') as zone`,
  );
  await database.close();
  expect(rows).toEqual([{ timeout: '4321ms', zone: 'UTC' }]);
});
