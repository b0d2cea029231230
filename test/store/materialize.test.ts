// Online rows: complete, incremental, never replaced by an older instant, and never silently empty.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { applyDefinition, getDefinition } from '../../store/definitions/definitions.ts';
import { countMissingOnlineRows, findOnlineRows } from '../../store/online/lookup.ts';
import { materialize, type MaterializeRequest } from '../../store/online/materialize.ts';
import { newestWatermark, onlineStates } from '../../store/online/watermark.ts';
import { findFuture } from '../../store/profiles/future-rows.ts';
import { eventually } from '../helpers/eventually.ts';
import { describeMaterialized } from '../../domain/data/materialized.ts';
import { failureOf } from '../helpers/failures.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';
import { settled } from '../helpers/settled.ts';
import { type SampleModel, sampleModel, type SampleOptions } from '../helpers/sample-model.ts';

let database: MigratedDatabase;

beforeAll(async () => (database = await migratedDatabase()));
afterAll(() => database.drop());

const first = new Date('2024-03-01Z');
const second = new Date('2024-03-02Z');

async function applied(
  name: string,
  options: SampleOptions = {},
  prepare: () => Promise<void> = async () => undefined,
): Promise<SampleModel> {
  const model = await sampleModel(database, name, options);
  await prepare();
  await applyDefinition(database, model.definition, 'ada');
  return model;
}

const write = async (
  model: string,
  asOf: Date,
  { version, ...options }: Partial<MaterializeRequest> & { version?: number } = {},
) => {
  await settled(database);
  return materialize(database, { source: await getDefinition(database, model, version), asOf, ...options });
};
const full = { scope: { kind: 'full' } } as const;
const missing = async (model: string, asOf: Date) =>
  countMissingOnlineRows(database, await getDefinition(database, model), asOf);

async function featuresOf(model: string, user: string, definitionVersion = 1) {
  const [row] = await findOnlineRows(database, [{ model, definitionVersion, entityKey: [user, 'eu'] }]);
  return row;
}

test('writes a row for every entity that exists at the instant, and for no other', async () => {
  const model = await applied('complete');
  await model.insert(
    'spine',
    { user_id: 'a', at: first },
    { user_id: 'b', at: first },
    { user_id: 'c', at: second },
  );
  await model.insert('usage', { user_id: 'a', at: first, hours: 1, plan: 'a' });
  expect(await missing('complete', first)).toBe(2);
  expect(await write('complete', first)).toEqual({
    asOf: first,
    scope: 'full',
    fullBecause: 'the online rows were never complete',
    lookedAt: 2,
    written: 2,
    removed: 0,
    nothing: null,
  });
  expect(await missing('complete', first)).toBe(0);
  expect(await missing('complete', second)).toBe(1);
  const usedAt = 1000 * first.getTime();
  expect(await featuresOf('complete', 'a')).toEqual({
    asOf: first,
    features: { hours: 1, plan: 'a' },
    viewTimes: [usedAt],
  });
  expect(await featuresOf('complete', 'b')).toEqual({
    asOf: first,
    features: { hours: null, plan: null },
    viewTimes: [null],
  });
  expect(await featuresOf('complete', 'c')).toBeUndefined();
});

test('looks at no entity in a repeated increment, and writes only changes in a full run', async () => {
  const model = await applied('incremental');
  const users = ['a', 'b', 'c'].map((user_id) => ({ user_id, at: first }));
  await model.insert('spine', ...users);
  await model.insert('usage', ...users.map((user) => ({ ...user, hours: 1 })));
  expect(await write('incremental', first)).toMatchObject({ lookedAt: 3, written: 3 });
  expect(await write('incremental', first)).toMatchObject({
    scope: 'increment',
    lookedAt: 0,
    written: 0,
    nothing: 'nothing changed',
  });
  await model.insert('usage', { user_id: 'b', at: first, hours: 2 });
  expect(await write('incremental', first, full)).toMatchObject({ scope: 'full', lookedAt: 3, written: 1 });
  expect(await featuresOf('incremental', 'b')).toMatchObject({ features: { hours: 2 } });
});

test('looks in an increment only at entities with changed rows, including late rows and expired values', async () => {
  const model = await applied('increments', { view: { ttl: '1 day' } });
  const users = ['a', 'b', 'c', 'd'].map((user_id) => ({ user_id, at: '2024-02-01Z' }));
  await model.insert('spine', ...users);
  await model.insert(
    'usage',
    { user_id: 'a', at: first, hours: 1 },
    { user_id: 'b', at: '2024-02-29T12:00:00Z', hours: 2 },
    { user_id: 'c', at: second, hours: 3 },
  );
  await write('increments', first);
  expect(await featuresOf('increments', 'c')).toMatchObject({ features: { hours: null } });
  await model.insert('usage', { user_id: 'd', at: '2024-02-29T18:00:00Z', hours: 4 });
  const noon = new Date('2024-03-01T12:00:00Z');
  // The value of d was loaded late; that of b is exactly as old as the ttl.
  expect(await write('increments', noon)).toMatchObject({ scope: 'increment', lookedAt: 1, written: 1 });
  expect(await featuresOf('increments', 'd')).toMatchObject({ asOf: noon, features: { hours: 4 } });
  expect(await featuresOf('increments', 'b')).toMatchObject({ asOf: noon, features: { hours: 2 } });
  const later = new Date(noon.getTime() + 1);
  expect(await write('increments', later)).toMatchObject({ lookedAt: 1, written: 1 });
  expect(await featuresOf('increments', 'b')).toMatchObject({ asOf: later, features: { hours: null } });
  expect(await featuresOf('increments', 'a')).toMatchObject({ asOf: later, features: { hours: 1 } });
  // Now the value of c is in reach, and that of d no longer is.
  expect(await write('increments', second)).toMatchObject({ lookedAt: 2, written: 2 });
  expect(await featuresOf('increments', 'c')).toMatchObject({ features: { hours: 3 } });
});

test.each([
  ['deleted', `delete from removed_deleted.usage where user_id = 'a'`, null],
  ['rewritten', `update removed_rewritten.usage set hours = 9 where user_id = 'a'`, 9],
])('looks at all entities after a row was %s, and reports why', async (how, statement, hours) => {
  const name = `removed_${how}`;
  const model = await applied(name);
  const users = ['a', 'b'].map((user_id) => ({ user_id, at: first }));
  await model.insert('spine', ...users);
  await model.insert('usage', ...users.map((user) => ({ ...user, hours: 1 })));
  await write(name, first);
  await database.pool.query(statement);
  const done = await write(name, second);
  expect(done).toMatchObject({ scope: 'full', lookedAt: 2, written: 1 });
  expect(done.fullBecause).toBe(`rows of ${name}.usage were removed or rewritten`);
  expect(describeMaterialized(done)).toContain(`all, because rows of ${name}.usage were removed`);
  expect(await featuresOf(name, 'a')).toMatchObject({ features: { hours } });
});

test('replaces a row only by one of a later instant', async () => {
  const model = await applied('instants');
  await model.insert('spine', { user_id: 'a', at: first });
  await model.insert('usage', { user_id: 'a', at: first, hours: 1 }, { user_id: 'a', at: second, hours: 2 });
  await write('instants', first);
  expect(await write('instants', second)).toMatchObject({ lookedAt: 1, written: 1 });
  for (const options of [{}, full]) {
    const ahead = await write('instants', first, options);
    expect(ahead).toMatchObject({ asOf: second, lookedAt: 0, written: 0, nothing: 'watermark ahead' });
    expect(describeMaterialized(ahead)).toContain('already as of 2024-03-02T00:00:00.000Z');
  }
  expect(await featuresOf('instants', 'a')).toMatchObject({ asOf: second, features: { hours: 2 } });
});

test('removes the row of an entity that vanished from the rows table, and no other', async () => {
  const model = await applied('vanished');
  await model.insert('spine', { user_id: 'a', at: first }, { user_id: 'b', at: first });
  await model.insert('usage', { user_id: 'a', at: first, hours: 1 });
  await write('vanished', first);
  await database.pool.query(`delete from vanished.spine where user_id = 'a'`);
  expect(await write('vanished', second)).toMatchObject({ scope: 'full', lookedAt: 1, removed: 1 });
  expect(await featuresOf('vanished', 'a')).toBeUndefined();
  expect(await featuresOf('vanished', 'b')).toMatchObject({ features: { hours: null } });
});

test('brings the entities with rows in a range to its end, and does not move the watermark', async () => {
  const model = await applied('ranges');
  const users = ['a', 'b', 'c'].map((user_id) => ({ user_id, at: '2024-01-01Z' }));
  await model.insert('spine', ...users);
  await model.insert('usage', { user_id: 'a', at: '2024-01-02Z', hours: 1 });
  const range = { kind: 'range', from: first.toISOString(), to: second.toISOString() } as const;
  const early = await failureOf(write('ranges', first, { scope: range }));
  expect(early.code).toBe('NOT_MATERIALISED');
  await write('ranges', first);
  await model.insert(
    'usage',
    { user_id: 'a', at: first, hours: 2 },
    { user_id: 'b', at: second, hours: 3 },
    { user_id: 'c', at: '2024-03-02T00:00:01Z', hours: 4 },
  );
  // The row of a is at the open end of the range.
  expect(await write('ranges', first, { scope: range })).toMatchObject({
    asOf: second,
    lookedAt: 1,
    written: 1,
  });
  expect(await featuresOf('ranges', 'b')).toMatchObject({ asOf: second, features: { hours: 3 } });
  expect(await featuresOf('ranges', 'a')).toMatchObject({ asOf: first, features: { hours: 1 } });
  // The next increment finds both: the late row, and the row that is ahead of the others.
  const third = new Date('2024-03-03Z');
  expect(await write('ranges', third)).toMatchObject({ scope: 'increment', lookedAt: 3, written: 2 });
  // A range before the watermark repairs the rows as of the watermark.
  const past = { ...range, to: first.toISOString(), from: '2024-01-01T00:00:00.000Z' };
  expect(await write('ranges', first, { scope: past })).toMatchObject({
    asOf: third,
    lookedAt: 1,
    written: 0,
  });
});

test('fails if no entity exists at the instant', async () => {
  const model = await applied('nobody');
  await model.insert('spine', { user_id: 'a', at: second });
  await model.insert('usage', { user_id: 'a', at: first, hours: 1 });
  const failure = await failureOf(write('nobody', first));
  expect(failure.code).toBe('EMPTY_WINDOW');
  expect(failure.message).toBe(
    'nobody.spine has no entity at 2024-03-01T00:00:00.000Z, so there is nothing to materialize',
  );
  expect(await write('nobody', second)).toMatchObject({ lookedAt: 1, written: 1 });
});

test('fails if every value is older than its ttl, and leaves the rows unchanged', async () => {
  const model = await applied('expired', { view: { ttl: '1 day' } });
  await model.insert('spine', { user_id: 'a', at: first });
  await model.insert('usage', { user_id: 'a', at: first, hours: 1 });
  await write('expired', second);
  for (const options of [{}, full]) {
    const failure = await failureOf(write('expired', new Date(second.getTime() + 1), options));
    expect(failure.code).toBe('NO_ONLINE_VALUES');
    expect(failure.message).toBe(
      'no feature has a value at 2024-03-02T00:00:00.001Z, so nothing was written: ' +
        'the newest row of expired.usage, of 2024-03-01T00:00:00Z, is older than the ttl of 1 day',
    );
  }
  expect(await featuresOf('expired', 'a')).toMatchObject({ asOf: second, features: { hours: 1 } });
});

test('fails if a view has no rows yet', async () => {
  const model = await applied('unloaded');
  await model.insert('spine', { user_id: 'a', at: first });
  const failure = await failureOf(write('unloaded', first));
  expect(failure).toMatchObject({
    code: 'NO_ONLINE_VALUES',
    message: expect.stringContaining('unloaded.usage has no row at or before that instant') as string,
  });
});

test('writes numbers that JSON cannot represent as null, and others with every digit', async () => {
  const model = await applied('numbers');
  const hours = ['NaN', 'Infinity', '-Infinity', '0.1', '1e308', '-5e-324', '9007199254740993'];
  await model.insert('spine', ...hours.map((_, n) => ({ user_id: `${n}`, at: first })));
  await model.insert('usage', ...hours.map((value, n) => ({ user_id: `${n}`, at: first, hours: value })));
  await write('numbers', first);
  const keys = hours.map((_, n) => ({ model: 'numbers', definitionVersion: 1, entityKey: [`${n}`, 'eu'] }));
  const rows = await findOnlineRows(database, keys);
  expect(rows.map((row) => row?.features['hours'])).toEqual([null, null, null, 0.1, 1e308, -5e-324, 2 ** 53]);
});

test('keeps unusual categories and keys unchanged', async () => {
  const model = await applied('odd');
  const odd = ['__proto__', "o'clock", '"', '\\', '👩‍👩‍👧', '', '{}'];
  await model.insert('spine', ...odd.map((user_id) => ({ user_id, at: first })));
  await model.insert('usage', ...odd.map((plan) => ({ user_id: plan, at: first, plan })));
  await write('odd', first);
  for (const text of odd) expect(await featuresOf('odd', text)).toMatchObject({ features: { plan: text } });
});

test('keeps the rows of two definition versions separately', async () => {
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
  await write('versions', first, { version: 1 });
  await write('versions', first, { version: 2 });
  expect(await featuresOf('versions', 'a', 1)).toMatchObject({ features: { hours: 1, plan: 'a' } });
  expect((await featuresOf('versions', 'a', 2))?.features).toEqual({ hours: 1 });
});

test('reports rows of an instant in the future, and a reset moves them and the watermark back', async () => {
  const model = await applied('typo');
  const future = new Date('2099-01-01Z');
  await model.insert('spine', { user_id: 'a', at: first }, { user_id: 'b', at: '2098-01-01Z' });
  await model.insert(
    'usage',
    { user_id: 'a', at: first, hours: 1 },
    { user_id: 'a', at: '2098-01-01Z', hours: 98 },
  );
  await write('typo', future);
  const { definition } = await getDefinition(database, 'typo');
  expect((await findFuture(database, definition)).online).toEqual([1]);
  expect(await newestWatermark(database, 'typo')).toBeUndefined();
  expect(await write('typo', second, full)).toMatchObject({ nothing: 'watermark ahead' });

  const reset = { scope: { kind: 'full', reset: true } } as const;
  expect(await write('typo', second, reset)).toMatchObject({
    asOf: second,
    lookedAt: 1,
    written: 1,
    removed: 1,
  });
  expect(await featuresOf('typo', 'a')).toMatchObject({ asOf: second, features: { hours: 1 } });
  expect(await featuresOf('typo', 'b')).toBeUndefined();
  const found = await findFuture(database, definition);
  expect(found.online).toEqual([]);
  expect(found.rows).toMatchObject([
    { table: 'typo.spine', column: 'at', rows: 1, newest: new Date('2098-01-01Z') },
    { table: 'typo.usage', column: 'at', rows: 1 },
  ]);
  expect(await newestWatermark(database, 'typo')).toEqual(second);
  const third = new Date('2024-03-03Z');
  await model.insert('usage', { user_id: 'a', at: second, hours: 2 });
  expect(await write('typo', third)).toMatchObject({ scope: 'increment', lookedAt: 1, written: 1 });
});

test('removes rows of vanished entities in batches, with visible progress', async () => {
  const model = await applied('many_gone');
  const { pool } = database;
  await pool.query(
    `insert into many_gone.spine select 'u' || n, 'eu', '2024-03-01Z' from generate_series(1, 12000) n`,
  );
  await model.insert('usage', { user_id: 'u1', at: first, hours: 1 });
  await write('many_gone', first);
  await pool.query(`delete from many_gone.spine where user_id <> 'u1'`);
  // Cancelled after the first batch of removals; the next run continues.
  const cancelled = new AbortController();
  const steps: string[] = [];
  const interrupted = write('many_gone', second, {
    signal: cancelled.signal,
    onProgress: ({ step, done, entities }) => {
      steps.push(`${step} ${done} of ${entities}`);
      if (step === 'removing') cancelled.abort(new Error('cancelled'));
    },
  });
  await expect(interrupted).rejects.toThrow('cancelled');
  expect(steps).toEqual(['writing 1 of 1', 'removing 5000 of 11999']);
  expect(await onlineStates(database, 'many_gone')).toMatchObject([
    {
      definitionVersion: 1,
      asOf: first,
      run: { asOf: second, entities: 1, lookedAt: 1, vanished: 11999, removed: 5000 },
    },
  ]);
  expect(await write('many_gone', second)).toMatchObject({ removed: 6999 });
  expect(await onlineStates(database, 'many_gone')).toEqual([
    { definitionVersion: 1, asOf: second, run: null },
  ]);
  const { rows } = await pool.query(`select entity_key from tidegate.online_row where model = 'many_gone'`);
  expect(rows).toEqual([{ entity_key: ['u1', 'eu'] }]);
});

test('ends the running statement on the server when a run is cancelled', async () => {
  const model = await applied('slow_view', { view: { table: 'slow_view.slow' } }, async () => {
    await database.pool.query(`
      create view slow_view.slow as select u.* from slow_view.usage u, pg_sleep(600)`);
  });
  await model.insert('spine', { user_id: 'a', at: first });
  const cancelled = new AbortController();
  const run = write('slow_view', first, { signal: cancelled.signal });
  await eventually(async () => {
    const { rows } = await database.pool.query(
      `select from pg_stat_activity where state = 'active' and query like '%slow_view%slow%' and pid <> pg_backend_pid()`,
    );
    expect(rows).toHaveLength(1);
  });
  cancelled.abort(new Error('cancelled'));
  await expect(run).rejects.toThrow('cancelled');
});

test('refuses a definition with online off', async () => {
  const model = await applied('events', { model: { online: 'off' } });
  await model.insert('spine', { user_id: 'a', at: first });
  const failure = await failureOf(write('events', first));
  expect(failure.code).toBe('ONLINE_OFF');
  expect(failure.remedy).toContain('Send the features with the request');
});
