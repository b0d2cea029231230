// Reading a frozen dataset finds everything that changed since it was frozen.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { getDataset } from '../../store/registry/dataset.ts';
import { freezeWindow } from '../../store/datasets/freeze.ts';
import { readKeys } from '../../store/datasets/keys.ts';
import { readDataset } from '../../store/datasets/read.ts';
import { applyDefinition } from '../../store/definitions/definitions.ts';
import { tamper } from '../helpers/tamper.ts';
import { failureOf } from '../helpers/failures.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';
import { type SampleModel, sampleModel } from '../helpers/sample-model.ts';

let database: MigratedDatabase;
let model: SampleModel;

beforeAll(async () => {
  database = await migratedDatabase();
  model = await sampleModel(database, 'kept');
  await applyDefinition(database, model.definition, 'ada');
  const at = '2024-03-15Z';
  await model.insert('spine', { user_id: 'a', at }, { user_id: 'b', at });
  await model.insert(
    'usage',
    { user_id: 'a', at, hours: 1, plan: 'a' },
    { user_id: 'b', at, hours: 2, plan: 'b' },
  );
});
afterAll(() => database.drop());

let made = 0;

/** Freezes a dataset that no other test uses, and returns its number. */
async function freeze(): Promise<number> {
  made += 1;
  const { definition } = model;
  const window = { from: new Date('2024-02-29Z'), to: new Date('2024-03-31Z') };
  const request = `kept/${made}`;
  return (await freezeWindow(database, { request, definition, definitionVersion: 1, window })).id;
}

/** The frame, and the keys as texts. */
async function read(id: number) {
  const dataset = await getDataset(database, id);
  const { frame } = await readDataset(database, dataset);
  const keys = await readKeys(database, dataset);
  return { frame, keys: Array.from({ length: keys.length }, (_, row) => keys.at(row)) };
}

const flip = 'set_byte(bytes, 0, get_byte(bytes, 0) # 1)';
const parts = ['key', 'cluster', 'time', 'holdout', 'label', 'feature_0', 'feature_1'];

test.each(parts)('finds a flipped bit in part %s', async (part) => {
  const id = await freeze();
  expect((await read(id)).keys).toEqual(['["a", "eu"]', '["b", "eu"]']);
  const change = `update tidegate.dataset_chunk set bytes = ${flip} where dataset_id = $1 and part = $2`;
  await tamper(database, change, [id, part]);
  const failure = await failureOf(read(id));
  expect(failure.code).toBe('DATASET_CHANGED');
  expect(failure.message).toBe(`dataset ${id} of kept differs from its digest at ${part}/0`);
});

const chunks = 'tidegate.dataset_chunk';
const forgeries = [
  [
    'a changed chunk with a matching digest',
    `update ${chunks} set bytes = ${flip}, digest = encode(sha256(${flip}), 'hex')
     where dataset_id = $1 and part = 'label'`,
  ],
  ['a missing chunk', `delete from ${chunks} where dataset_id = $1 and part = 'feature_1'`],
  [
    'an additional chunk',
    `insert into ${chunks} select dataset_id, part, 1, digest, bytes from ${chunks}
     where dataset_id = $1 and part = 'label'`,
  ],
  [
    'two exchanged columns',
    `update ${chunks} this set bytes = other.bytes, digest = other.digest from ${chunks} other
     where this.dataset_id = $1 and other.dataset_id = $1
       and (this.part, other.part) in (('feature_0', 'time'), ('time', 'feature_0'))`,
  ],
  ['a changed row count', `update tidegate.dataset set row_count = 1 where id = $1`],
  [
    'a renamed column',
    `update tidegate.dataset set columns = jsonb_set(columns, '{0,name}', '"minutes"') where id = $1`,
  ],
  [
    'a changed dictionary',
    `update tidegate.dataset set columns = jsonb_set(columns, '{1,dictionary}', '["b", "a"]') where id = $1`,
  ],
  ['a changed digest of the dataset', `update tidegate.dataset set digest = repeat('0', 64) where id = $1`],
] as const;

test.each(forgeries)('finds %s', async (_, change) => {
  const [changed, untouched] = [await freeze(), await freeze()];
  await tamper(database, change, [changed]);
  expect(await failureOf(read(changed))).toMatchObject({ code: 'DATASET_CHANGED' });
  expect((await read(untouched)).frame.rows).toBe(2);
});
