// Freezing a window: once, in one snapshot, with a digest that depends only on the rows.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MISSING_CODE, NO_LABEL } from '../../domain/data/frame.ts';
import { isHeldOut } from '../../domain/model/holdout.ts';
import { type Dataset, getDataset } from '../../store/registry/dataset.ts';
import { freezeWindow } from '../../store/datasets/freeze.ts';
import { readKeys } from '../../store/datasets/keys.ts';
import { readDataset } from '../../store/datasets/read.ts';
import { inSnapshot } from '../../store/postgres/snapshot.ts';
import { applyDefinition } from '../../store/definitions/definitions.ts';
import { failureOf } from '../helpers/failures.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';
import { type SampleModel, sampleModel, type SampleOptions } from '../helpers/sample-model.ts';

let database: MigratedDatabase;

beforeAll(async () => (database = await migratedDatabase()));
afterAll(() => database.drop());

const at = '2024-03-15T12:00:00Z';
const march = { from: new Date('2024-02-29Z'), to: new Date('2024-03-31Z') };

async function applied(name: string, options: SampleOptions = {}): Promise<SampleModel> {
  const model = await sampleModel(database, name, options);
  await applyDefinition(database, model.definition, 'ada');
  return model;
}

const freeze = ({ definition }: SampleModel, request: string, window = march): Promise<Dataset> =>
  freezeWindow(database, {
    request: `${definition.name}/${request}`,
    definition,
    definitionVersion: 1,
    window,
  });

async function keysOf(dataset: Dataset): Promise<string[]> {
  const keys = await readKeys(database, dataset);
  return Array.from({ length: keys.length }, (_, row) => keys.at(row));
}

/** Two entities with a value each, and a label for one of them. */
async function twoRows(name: string): Promise<SampleModel> {
  const model = await applied(name);
  await model.insert('spine', { user_id: 'a', at }, { user_id: 'b', at });
  await model.insert('usage', { user_id: 'a', at, hours: 1.5, plan: 'a' }, { user_id: 'b', at, hours: 2 });
  await model.insert('outcome', { user_id: 'a', at, loaded_at: at, gone: true });
  return model;
}

test('reads a frozen row back as it was joined', async () => {
  const model = await twoRows('round_trip');
  const dataset = await freeze(model, 'one');
  expect(dataset).toMatchObject({ rows: 2, labelledRows: 1, window: march, model: 'round_trip' });
  const { frame } = await readDataset(database, dataset);
  expect(await keysOf(dataset)).toEqual(['["a", "eu"]', '["b", "eu"]']);
  expect(frame.features).toEqual([
    { kind: 'numeric', name: 'hours', values: Float64Array.of(1.5, 2) },
    { kind: 'category', name: 'plan', codes: Uint32Array.of(0, MISSING_CODE), dictionary: ['a'] },
  ]);
  expect(frame.labels).toEqual(Uint8Array.of(1, NO_LABEL));
  expect(frame.clusters).toEqual(Uint32Array.of(0, 1));
  expect(frame.times).toEqual(BigInt64Array.of(1_710_504_000_000_000n, 1_710_504_000_000_000n));
});

test('stores counts in the header that match the rows', async () => {
  const model = await applied('header');
  const users = Array.from({ length: 200 }, (_, n) => `user ${n}`);
  await model.insert('spine', ...users.map((user_id) => ({ user_id, at })));
  const labelled = users.slice(0, 150).map((user_id) => ({ user_id, at, loaded_at: at, gone: false }));
  await model.insert('outcome', ...labelled);
  const dataset = await freeze(model, 'one');
  const held = users.filter((user) => isHeldOut({ salt: 'header', share: 0.2 }, [user, 'eu']));
  const heldAndLabelled = held.filter((user) => users.indexOf(user) < 150).length;
  expect(dataset).toMatchObject({
    rows: 200,
    labelledRows: 150,
    trainingRows: 150 - heldAndLabelled,
    holdoutRows: held.length,
  });
  const { frame } = await readDataset(database, dataset);
  const keys = await keysOf(dataset);
  const heldHere = keys.filter((_, row) => frame.holdout[row] === 1);
  expect(heldHere.map((key) => (JSON.parse(key) as string[])[0]).toSorted()).toEqual(held.toSorted());
});

test('gives all rows of a cluster one number and one side if a cluster has several entities', async () => {
  const model = await applied('clusters', { model: { holdout: { cluster: ['region'] } } });
  const users = Array.from({ length: 60 }, (_, n) => ({ user_id: `${n}`, region: `r${n % 20}`, at }));
  await model.insert('spine', ...users);
  const dataset = await freeze(model, 'one');
  const { frame } = await readDataset(database, dataset);
  const keys = await keysOf(dataset);
  const sides = new Map<string, Set<string>>();
  for (const [row, key] of keys.entries()) {
    const [, region = ''] = JSON.parse(key) as string[];
    const side = `${frame.clusters[row]} ${frame.holdout[row]}`;
    sides.set(region, (sides.get(region) ?? new Set()).add(side));
  }
  expect(sides.size).toBe(20);
  expect([...sides.values()].every(({ size }) => size === 1)).toBe(true);
  expect(new Set(frame.clusters).size).toBe(20);
});

test('gives the same rows the same digest, in any order in the table', async () => {
  const model = await twoRows('digest');
  const first = await freeze(model, 'one');
  await database.pool.query('truncate digest.spine, digest.usage');
  await model.insert('usage', { user_id: 'b', at, hours: 2 }, { user_id: 'a', at, hours: 1.5, plan: 'a' });
  await model.insert('spine', { user_id: 'b', at }, { user_id: 'a', at });
  const second = await freeze(model, 'two');
  expect(second.id).not.toBe(first.id);
  expect(second.digest).toBe(first.digest);
});

const changes = [
  ['a value', `update TABLE.usage set hours = 2.0000000000000004 where user_id = 'b'`],
  ['a null', `update TABLE.usage set hours = null where user_id = 'b'`],
  ['a category', `update TABLE.usage set plan = 'b' where user_id = 'a'`],
  ['a label', `update TABLE.outcome set gone = false`],
  ['a key', `update TABLE.spine set user_id = 'c' where user_id = 'b'`],
  ['a time', `update TABLE.spine set at = at + interval '1 microsecond' where user_id = 'b'`],
  ['the number of rows', `insert into TABLE.spine values ('c', 'eu', '${at}')`],
] as const;

test.each(changes)('gives another digest after a change of %s', async (what, change) => {
  const name = `another_${what.replaceAll(' ', '_')}`;
  const model = await twoRows(name);
  const before = await freeze(model, 'before');
  await database.pool.query(change.replace('TABLE', name));
  expect((await freeze(model, 'after')).digest).not.toBe(before.digest);
});

test('reads more rows than one chunk back completely and in order', async () => {
  const model = await applied('large');
  const rows = 70_000;
  await database.pool.query(`
    insert into large.spine select lpad(n::text, 6, '0'), 'eu', '${at}' from generate_series(1, ${rows}) n;
    insert into large.usage select lpad(n::text, 6, '0'), 'eu', '${at}', null, n / 8.0, 'plan ' || n % 10007
      from generate_series(1, ${rows}) n;
    create index on large.usage (user_id, region, at); analyze large.usage`);
  const progress: number[] = [];
  const dataset = await freezeWindow(database, {
    request: 'large/one',
    definition: model.definition,
    definitionVersion: 1,
    window: march,
    onProgress: (done) => progress.push(done),
  });
  expect(dataset.rows).toBe(rows);
  expect(progress.at(-1)).toBe(rows);
  const { frame } = await readDataset(database, dataset);
  const keys = await keysOf(dataset);
  const [hours, plan] = frame.features;
  if (hours?.kind !== 'numeric' || plan?.kind !== 'category') throw new Error('columns of other kinds');
  expect(hours.values).toEqual(Float64Array.from({ length: rows }, (_, n) => (n + 1) / 8));
  expect(plan.dictionary).toHaveLength(10_007);
  const wrong = keys.findIndex(
    (key, row) =>
      key !== `["${String(row + 1).padStart(6, '0')}", "eu"]` ||
      plan.dictionary[plan.codes[row] ?? 0] !== `plan ${(row + 1) % 10_007}`,
  );
  expect(wrong).toBe(-1);
  const { rows: chunks } = await database.pool.query(
    'select count(*) as count from tidegate.dataset_chunk where dataset_id = $1 and part = $2',
    [dataset.id, 'feature_0'],
  );
  expect(chunks).toEqual([{ count: 2 }]);
});

test('keeps infinities, NaN and numbers beyond 2^53 as doubles', async () => {
  const model = await applied('odd_numbers');
  const odd = ['Infinity', '-Infinity', 'NaN', '9007199254740993', '1e308', '5e-324', '0.1'];
  await model.insert('spine', ...odd.map((_, n) => ({ user_id: `${n}`, at })));
  await model.insert('usage', ...odd.map((hours, n) => ({ user_id: `${n}`, at, hours })));
  const { frame } = await readDataset(database, await freeze(model, 'one'));
  expect(frame.features[0]).toMatchObject({ values: Float64Array.from(odd, Number) });
});

test('does not read what a transaction commits after the snapshot was taken', async () => {
  const model = await twoRows('snapshot');
  await inSnapshot(database, async (client) => {
    const count = async () =>
      (await client.query('select count(*) as rows from snapshot.usage')).rows as unknown;
    expect(await count()).toEqual([{ rows: 2 }]);
    await model.insert('usage', { user_id: 'b', at, hours: 9 });
    expect(await count()).toEqual([{ rows: 2 }]);
  });
});

test('does not count a label as mature that a transaction commits after the freeze', async () => {
  const model = await twoRows('open_writer');
  const writer = await database.pool.connect();
  try {
    await writer.query('begin');
    await writer.query(`insert into open_writer.outcome values ('b', 'eu', '${at}', now(), true)`);
    await writer.query(`update open_writer.usage set hours = 99`);
    const { rows } = await writer.query<{ now: Date }>('select now() as now');
    const dataset = await freeze(model, 'one');
    expect(dataset.asKnownAt.getTime()).toBeLessThanOrEqual((rows[0]?.now as Date).getTime());
    const before = await readDataset(database, dataset);
    await writer.query('commit');
    expect(await freeze(model, 'one')).toEqual(dataset);
    expect(await readDataset(database, await getDataset(database, dataset.id))).toEqual(before);
    expect(before.frame.labels).toEqual(Uint8Array.of(1, NO_LABEL));
    expect((await readDataset(database, await freeze(model, 'two'))).frame).toMatchObject({
      labels: Uint8Array.of(1, 1),
      features: [{ values: Float64Array.of(99, 99) }, {}],
    });
  } finally {
    writer.release();
  }
});

test('returns the dataset of the first call for a repeated request, even if the rows have changed', async () => {
  const model = await twoRows('repeated');
  const first = await freeze(model, 'one');
  await model.insert('spine', { user_id: 'c', at });
  expect(await freeze(model, 'one')).toEqual(first);
  expect((await freeze(model, 'two')).rows).toBe(3);
});

test('freezes once if the same request is made several times concurrently', async () => {
  const model = await twoRows('at_once');
  const datasets = await Promise.all(Array.from({ length: 5 }, () => freeze(model, 'one')));
  expect(new Set(datasets.map(({ id }) => id)).size).toBe(1);
  const { rows } = await database.pool.query(
    `select count(*) as count from tidegate.dataset_chunk where dataset_id not in (select id from tidegate.dataset)`,
  );
  expect(rows).toEqual([{ count: 0 }]);
});

test('refuses a window without rows, names it, and keeps nothing', async () => {
  const model = await twoRows('empty');
  const failure = await failureOf(freeze(model, 'one', { from: march.to, to: new Date('2024-04-30Z') }));
  expect(failure.code).toBe('EMPTY_WINDOW');
  expect(failure.message).toBe(
    'empty.spine has no rows with at in (2024-03-31T00:00:00.000Z, 2024-04-30T00:00:00.000Z]',
  );
  expect((await freeze(model, 'one')).rows).toBe(2);
});
