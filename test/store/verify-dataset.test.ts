// Verifying a dataset: whether its bytes are unchanged, and whether the source still gives the same rows.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Dataset } from '../../store/registry/dataset.ts';
import { freezeWindow } from '../../store/datasets/freeze.ts';
import { verifyDataset } from '../../store/datasets/verify.ts';
import { applyDefinition } from '../../store/definitions/definitions.ts';
import { tamper } from '../helpers/tamper.ts';
import { failureOf } from '../helpers/failures.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';
import { type SampleModel, sampleModel, type SampleOptions } from '../helpers/sample-model.ts';

let database: MigratedDatabase;

beforeAll(async () => (database = await migratedDatabase()));
afterAll(() => database.drop());

const at = '2024-03-15T12:00:00Z';

async function frozen(name: string, options: SampleOptions = {}): Promise<[SampleModel, Dataset]> {
  const model = await sampleModel(database, name, options);
  const { version: definitionVersion } = await applyDefinition(database, model.definition, 'ada');
  const users = ['a', 'b', 'c'];
  await model.insert('spine', ...users.map((user_id) => ({ user_id, at })));
  await model.insert(
    'usage',
    ...users.map((user_id, n) => ({ user_id, at, loaded_at: at, hours: n, plan: n === 0 ? null : 'a' })),
  );
  await model.insert('outcome', { user_id: 'a', at, loaded_at: at, gone: true });
  const dataset = await freezeWindow(database, {
    request: `${name}/one`,
    definition: model.definition,
    definitionVersion,
    window: { from: new Date('2024-02-29Z'), to: new Date('2024-03-31Z') },
  });
  return [model, dataset];
}

test('finds no difference in an unchanged source, even if labels arrived since', async () => {
  const [model, dataset] = await frozen('unchanged');
  await database.pool.query(`insert into ${model.table('outcome')} values ('b', 'eu', '${at}', now(), true)`);
  expect(await verifyDataset(database, dataset)).toEqual({
    rows: 3,
    sourceDigest: dataset.digest,
    difference: null,
  });
});

test('reports changed values by column, with their number and the first frozen and current value', async () => {
  const [model, dataset] = await frozen('corrected');
  await database.pool.query(`
    update ${model.table('usage')} set hours = 9 where user_id in ('b', 'c');
    update ${model.table('usage')} set plan = 'b' where user_id = 'a'`);
  const { difference } = await verifyDataset(database, dataset);
  const place = (key: string) => ({ key: `["${key}", "eu"]`, at: '2024-03-15T12:00:00.000000Z' });
  expect(difference).toEqual({
    missing: { rows: 0, examples: [] },
    added: { rows: 0, examples: [] },
    columns: [
      {
        column: 'hours',
        rows: 2,
        examples: [
          { ...place('b'), frozen: 1, now: 9 },
          { ...place('c'), frozen: 2, now: 9 },
        ],
      },
      { column: 'plan', rows: 1, examples: [{ ...place('a'), frozen: null, now: 'b' }] },
    ],
  });
});

test('counts removed and added rows, and still compares the others', async () => {
  const [model, dataset] = await frozen('moved');
  await database.pool.query(`
    delete from ${model.table('spine')} where user_id = 'a';
    insert into ${model.table('spine')} values ('aa', 'eu', '${at}');
    update ${model.table('usage')} set hours = 7 where user_id = 'c'`);
  const { rows, difference } = await verifyDataset(database, dataset);
  expect(rows).toBe(3);
  expect(difference).toMatchObject({
    missing: { rows: 1, examples: [{ key: '["a", "eu"]' }] },
    added: { rows: 1, examples: [{ key: '["aa", "eu"]' }] },
    columns: [{ column: 'hours', rows: 1 }],
  });
});

test('does not report a correction that became known later if the view has known', async () => {
  const [model, dataset] = await frozen('known_later', { view: { known: 'loaded_at', lag: '6 hours' } });
  await database.pool.query(
    `insert into ${model.table('usage')} values ('b', 'eu', '${at}', '2024-03-20Z', 99, 'b')`,
  );
  expect((await verifyDataset(database, dataset)).difference).toBeNull();
});

test('finds chunks that no longer match their digests before it reads the source', async () => {
  const [, dataset] = await frozen('tampered');
  await tamper(
    database,
    `update tidegate.dataset_chunk set bytes = set_byte(bytes, 0, get_byte(bytes, 0) # 1)
     where dataset_id = $1 and part = 'feature_0'`,
    [dataset.id],
  );
  expect((await failureOf(verifyDataset(database, dataset))).code).toBe('DATASET_CHANGED');
});
