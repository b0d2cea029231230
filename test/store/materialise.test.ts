// Online rows: complete, incremental, never overwritten by an older instant, and never silently none.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { applyDefinition, getDefinition } from '../../store/definitions/definitions.ts';
import { findOnlineRows } from '../../store/online/lookup.ts';
import { countMissingOnlineRows, materialise } from '../../store/online/materialise.ts';
import { failureOf } from '../helpers/failures.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';
import { type SampleModel, sampleModel, type SampleOptions } from '../helpers/sample-model.ts';

let database: MigratedDatabase;

beforeAll(async () => (database = await migratedDatabase()));
afterAll(() => database.drop());

const first = new Date('2024-03-01Z');
const second = new Date('2024-03-02Z');

async function applied(name: string, options: SampleOptions = {}): Promise<SampleModel> {
  const model = await sampleModel(database, name, options);
  await applyDefinition(database, model.definition, 'ada');
  return model;
}

const write = async (model: string, asOf: Date, version?: number) =>
  materialise(database, await getDefinition(database, model, version), asOf);
const missing = async (model: string, asOf: Date) =>
  countMissingOnlineRows(database, await getDefinition(database, model), asOf);

async function featuresOf(model: string, user: string, definitionVersion = 1) {
  const [row] = await findOnlineRows(database, [{ model, definitionVersion, entityKey: [user, 'eu'] }]);
  return row;
}

test('every entity that exists at the instant gets its row, and no other does', async () => {
  const model = await applied('complete');
  await model.insert(
    'spine',
    { user_id: 'a', at: first },
    { user_id: 'b', at: first },
    { user_id: 'c', at: second },
  );
  await model.insert('usage', { user_id: 'a', at: first, hours: 1, plan: 'a' });
  expect(await missing('complete', first)).toBe(2);
  expect(await write('complete', first)).toEqual({ entities: 2, written: 2 });
  expect(await missing('complete', first)).toBe(0);
  expect(await missing('complete', second)).toBe(1);
  expect(await featuresOf('complete', 'a')).toEqual({ asOf: first, features: { hours: 1, plan: 'a' } });
  expect(await featuresOf('complete', 'b')).toEqual({ asOf: first, features: { hours: null, plan: null } });
  expect(await featuresOf('complete', 'c')).toBeUndefined();
});

test('a repeat at the same instant writes only what changed', async () => {
  const model = await applied('incremental');
  const users = ['a', 'b', 'c'].map((user_id) => ({ user_id, at: first }));
  await model.insert('spine', ...users);
  await model.insert('usage', ...users.map((user) => ({ ...user, hours: 1 })));
  expect(await write('incremental', first)).toEqual({ entities: 3, written: 3 });
  expect(await write('incremental', first)).toEqual({ entities: 3, written: 0 });
  await database.pool.query(`update incremental.usage set hours = 2 where user_id = 'b'`);
  expect(await write('incremental', first)).toEqual({ entities: 3, written: 1 });
  expect(await featuresOf('incremental', 'b')).toMatchObject({ features: { hours: 2 } });
});

test('a later instant replaces a row, and an older one never does', async () => {
  const model = await applied('instants');
  await model.insert('spine', { user_id: 'a', at: first });
  await model.insert('usage', { user_id: 'a', at: first, hours: 1 }, { user_id: 'a', at: second, hours: 2 });
  await write('instants', first);
  expect(await write('instants', second)).toEqual({ entities: 1, written: 1 });
  expect(await write('instants', first)).toEqual({ entities: 1, written: 0 });
  expect(await featuresOf('instants', 'a')).toMatchObject({ asOf: second, features: { hours: 2 } });
});

test('the ttl applies at the instant of the row', async () => {
  const model = await applied('ttl', { view: { ttl: '1 day' } });
  await model.insert('spine', { user_id: 'a', at: first });
  await model.insert('usage', { user_id: 'a', at: first, hours: 1 });
  await write('ttl', second);
  expect(await featuresOf('ttl', 'a')).toMatchObject({ features: { hours: 1 } });
  await write('ttl', new Date(second.getTime() + 1));
  expect(await featuresOf('ttl', 'a')).toMatchObject({ features: { hours: null } });
});

test('where no entity exists at the instant it fails, and says so', async () => {
  const model = await applied('nobody');
  await model.insert('spine', { user_id: 'a', at: second });
  const failure = await failureOf(write('nobody', first));
  expect(failure.code).toBe('EMPTY_WINDOW');
  expect(failure.message).toBe(
    'nobody.spine has no entity at 2024-03-01T00:00:00.000Z, so there is nothing to materialise',
  );
  expect(await write('nobody', second)).toEqual({ entities: 1, written: 1 });
});

test('numbers that JSON cannot hold become null, and others keep every digit', async () => {
  const model = await applied('numbers');
  const hours = ['NaN', 'Infinity', '-Infinity', '0.1', '1e308', '-5e-324', '9007199254740993'];
  await model.insert('spine', ...hours.map((_, n) => ({ user_id: `${n}`, at: first })));
  await model.insert('usage', ...hours.map((value, n) => ({ user_id: `${n}`, at: first, hours: value })));
  await write('numbers', first);
  const keys = hours.map((_, n) => ({ model: 'numbers', definitionVersion: 1, entityKey: [`${n}`, 'eu'] }));
  const rows = await findOnlineRows(database, keys);
  expect(rows.map((row) => row?.features['hours'])).toEqual([null, null, null, 0.1, 1e308, -5e-324, 2 ** 53]);
});

test('odd categories and odd keys come back as they are', async () => {
  const model = await applied('odd');
  const odd = ['__proto__', "o'clock", '"', '\\', '👩‍👩‍👧', '', '{}'];
  await model.insert('spine', ...odd.map((user_id) => ({ user_id, at: first })));
  await model.insert('usage', ...odd.map((plan) => ({ user_id: plan, at: first, plan })));
  await write('odd', first);
  for (const text of odd) expect(await featuresOf('odd', text)).toMatchObject({ features: { plan: text } });
});

test('rows of two definition versions stand beside each other', async () => {
  const model = await applied('versions');
  const { definition } = model;
  const [view] = definition.features;
  const columns = { hours: view?.columns['hours'] ?? { type: 'numeric' as const } };
  await model.insert('spine', { user_id: 'a', at: first });
  await model.insert('usage', { user_id: 'a', at: first, hours: 1, plan: 'a' });
  await applyDefinition(
    database,
    { ...definition, features: [{ ...definition.features[0], columns } as never] },
    'ada',
  );
  await write('versions', first, 1);
  await write('versions', first, 2);
  expect(await featuresOf('versions', 'a', 1)).toMatchObject({ features: { hours: 1, plan: 'a' } });
  expect((await featuresOf('versions', 'a', 2))?.features).toEqual({ hours: 1 });
});
