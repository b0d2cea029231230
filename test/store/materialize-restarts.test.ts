// Interrupted and concurrent runs: nothing is lost, and incomplete rows are never taken for complete.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { applyDefinition, getDefinition } from '../../store/definitions/definitions.ts';
import { findOnlineRows } from '../../store/online/lookup.ts';
import { materialize, type MaterializeRequest } from '../../store/online/materialize.ts';
import { findProgress, findWatermark } from '../../store/online/watermark.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';
import { settled } from '../helpers/settled.ts';
import { type SampleModel, sampleModel, type SampleOptions } from '../helpers/sample-model.ts';

let database: MigratedDatabase;

beforeAll(async () => (database = await migratedDatabase()));
afterAll(() => database.drop());

const first = new Date('2024-03-01Z');
const second = new Date('2024-03-02Z');

/** Applies a model with `count` users u000, u001, …, each with one value at the first instant. */
async function applied(name: string, count: number, options: SampleOptions = {}): Promise<SampleModel> {
  const model = await sampleModel(database, name, options);
  await applyDefinition(database, model.definition, 'ada');
  const users = Array.from({ length: count }, (_, n) => ({ user_id: userOf(n), at: first }));
  await model.insert('spine', ...users);
  await model.insert('usage', ...users.map((user, n) => ({ ...user, hours: n })));
  return model;
}

const userOf = (n: number): string => `u${String(n).padStart(3, '0')}`;

const write = async (model: string, asOf: Date, options: Partial<MaterializeRequest> = {}) => {
  await settled(database);
  return materialize(database, { source: await getDefinition(database, model), asOf, ...options });
};

/** Runs a materialization that fails after its first batch of two rows. */
async function interrupt(
  model: string,
  asOf: Date,
  options: Partial<MaterializeRequest> = {},
): Promise<void> {
  const onProgress = (): never => {
    throw new Error('interrupted');
  };
  await expect(write(model, asOf, { batchSize: 2, onProgress, ...options })).rejects.toThrow('interrupted');
}

const rowsOf = (model: string) => ({ model, version: 1 });
const full = { scope: { kind: 'full' } } as const;

async function hoursOf(model: string, ...users: number[]): Promise<unknown[]> {
  const keys = users.map((n) => ({ model, definitionVersion: 1, entityKey: [userOf(n), 'eu'] }));
  return (await findOnlineRows(database, keys)).map((row) => row?.features['hours']);
}

test('continues a killed run where it stopped, and repeats at most one batch', async () => {
  await applied('killed', 100);
  const child = fork(
    new URL('../helpers/doomed-materialize.mjs', import.meta.url),
    [database.url, 'killed', first.toISOString(), '10', '4'],
    { execArgv: ['--import', 'tsx'] },
  );
  const gone = once(child, 'exit');
  const [said] = (await Promise.race([once(child, 'message'), gone])) as [unknown];
  child.kill('SIGKILL');
  await gone;
  expect(said).toBe('stopped');

  const before = await findProgress(database.pool, rowsOf('killed'));
  expect(before?.position).toBe(`["${userOf(39)}", "eu"]`);
  expect(await findWatermark(database.pool, rowsOf('killed'))).toBeUndefined();
  const seen: number[] = [];
  const done = await write('killed', first, {
    ...full,
    batchSize: 10,
    onProgress: (each) => seen.push(each.entities),
  });
  // The batch that was being written when it was killed may be written or not; the position says which.
  expect(new Set(seen)).toEqual(new Set([60]));
  expect(done).toMatchObject({ scope: 'full', lookedAt: 100, written: 100 });
  const all = Array.from({ length: 100 }, (_, n) => n);
  expect(await hoursOf('killed', ...all)).toEqual(all);
  expect(await findProgress(database.pool, rowsOf('killed'))).toBeUndefined();
  expect((await findWatermark(database.pool, rowsOf('killed')))?.asOf).toEqual(first);
});

test('includes what was loaded before an interrupted run continues, also for entities already written', async () => {
  const model = await applied('loaded', 6);
  await interrupt('loaded', first, full);
  await model.insert(
    'usage',
    { user_id: userOf(0), at: first, hours: 70 },
    { user_id: userOf(5), at: first, hours: 75 },
  );
  const done = await write('loaded', first, full);
  expect(done).toMatchObject({ scope: 'full', lookedAt: 7 });
  expect(await hoursOf('loaded', 0, 1, 5)).toEqual([70, 1, 75]);
  expect(await write('loaded', first)).toMatchObject({ lookedAt: 0 });
});

test('begins again if source rows were removed before an interrupted run continues', async () => {
  await applied('removed', 6);
  await interrupt('removed', first, full);
  await database.pool.query(`delete from removed.usage where user_id = $1`, [userOf(0)]);
  const done = await write('removed', first, full);
  expect(done).toMatchObject({
    lookedAt: 6,
    fullBecause: 'rows of a source were removed or rewritten during the run',
  });
  expect(await hoursOf('removed', 0, 1)).toEqual([null, 1]);
});

test('corrects rows of an abandoned run in the next run, even if nothing else changed', async () => {
  const model = await applied('ahead', 6, { view: { ttl: '1 hour' } });
  const early = new Date('2024-03-01T02:00:00Z');
  const noon = new Date('2024-03-01T12:00:00Z');
  await model.insert('usage', { user_id: userOf(5), at: early, hours: 55 });
  await write('ahead', early);
  // User 0 has a value at noon and none at the second instant, so nothing differs from the early run.
  await model.insert('usage', ...[0, 1].map((n) => ({ user_id: userOf(n), at: noon, hours: 70 })));
  await model.insert('usage', { user_id: userOf(5), at: second, hours: 75 });
  await interrupt('ahead', noon);
  expect(await hoursOf('ahead', 0)).toEqual([70]);
  expect(await write('ahead', second)).toMatchObject({ scope: 'increment', lookedAt: 3 });
  expect(await hoursOf('ahead', 0, 1, 2, 5)).toEqual([null, null, null, 75]);
});

test('lets concurrent runs wait for each other, and keeps the newest instant', async () => {
  const model = await applied('together', 30);
  await model.insert(
    'usage',
    ...Array.from({ length: 30 }, (_, n) => ({ user_id: userOf(n), at: second, hours: 100 + n })),
  );
  const runs = await Promise.all(
    [second, first, second, first].map((asOf) => write('together', asOf, { batchSize: 7 })),
  );
  expect(
    runs
      .map(({ asOf }) => asOf.getTime())
      .sort()
      .at(-1),
  ).toBe(second.getTime());
  expect(await hoursOf('together', 0, 15, 29)).toEqual([100, 115, 129]);
  expect((await findWatermark(database.pool, rowsOf('together')))?.asOf).toEqual(second);
  const { rows } = await database.pool.query(
    `select count(*) as rows from tidegate.online_row where model = 'together'`,
  );
  expect(rows).toEqual([{ rows: 30 }]);
});

test.each([
  ['open', false],
  ['parts', true],
])('finds rows of a transaction that was open during the previous run (%s)', async (name, inPart) => {
  await applied(name, 3);
  await settled(database);
  const client = await database.pool.connect();
  await client.query('begin');
  // A subtransaction has its own number, which does not show that the transaction is open.
  if (inPart) await client.query('savepoint part');
  await client.query(`insert into ${name}.usage values ($1, 'eu', $2, null, 70, 'a')`, [userOf(0), first]);
  const source = await getDefinition(database, name);
  await materialize(database, { source, asOf: first });
  await client.query('commit');
  client.release();
  expect(await write(name, first)).toMatchObject({ written: 1 });
  expect(await hoursOf(name, 0, 1)).toEqual([70, 1]);
});

test('notices a row that was written and removed while another transaction was open', async () => {
  const model = await applied('passing', 3);
  const client = await database.pool.connect();
  await client.query('begin; select pg_current_xact_id()');
  await model.insert('usage', { user_id: userOf(0), at: first, hours: 70 });
  const source = await getDefinition(database, 'passing');
  await materialize(database, { source, asOf: first });
  expect(await hoursOf('passing', 0)).toEqual([70]);
  await database.pool.query('delete from passing.usage where hours = 70');
  expect(await materialize(database, { source, asOf: first })).toMatchObject({ written: 1 });
  await client.query('commit');
  client.release();
  expect(await hoursOf('passing', 0)).toEqual([0]);
});
