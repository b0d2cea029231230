// Which definitions of a model keep their online rows, and whose rows are removed.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Database } from '../../store/postgres/database.ts';
import { definitionsInUse } from '../../store/online/definitions-in-use.ts';
import { removeUnusedRows } from '../../store/online/remove-unused-rows.ts';
import { candidateModel } from '../helpers/candidates.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';

let database: MigratedDatabase;

beforeAll(async () => (database = await migratedDatabase()));
afterAll(() => database.drop());

/** Writes complete online rows of one entity for a definition. */
async function addRows(model: string, version: number): Promise<void> {
  await database.pool.query(
    `insert into tidegate.online_row values ($1, $2, '["u"]', '2024-03-01Z', '2024-03-01Z', '{}')`,
    [model, version],
  );
  await database.pool.query(
    `insert into tidegate.online_watermark (model, definition_version, as_of, newest_as_of, mark)
     values ($1, $2, '2024-03-01Z', '2024-03-01Z', '{}')`,
    [model, version],
  );
}

async function addDefinition({ kysely }: Database, model: string, version: number): Promise<void> {
  const { body } = await kysely
    .selectFrom('tidegate.definition')
    .select('body')
    .where('model', '=', model)
    .executeTakeFirstOrThrow();
  await kysely
    .insertInto('tidegate.definition')
    .values({ model, version, body: JSON.stringify(body), digest: `d${version}`, appliedBy: 'ada' })
    .execute();
}

const rowsOf = async (model: string): Promise<number[]> => {
  const { rows } = await database.pool.query<{ version: number }>(
    'select definition_version as version from tidegate.online_row where model = $1 order by 1',
    [model],
  );
  return rows.map(({ version }) => version);
};

test('keeps the rows of definitions that serve or may have to, and of the newest; removes all others', async () => {
  const model = await candidateModel(database, 'policy');
  expect(await definitionsInUse(database.kysely, 'policy')).toEqual([]);
  await model.produce();
  expect(await definitionsInUse(database.kysely, 'policy')).toEqual([1]);
  for (const version of [2, 3]) await addDefinition(database, 'policy', version);
  for (const version of [1, 2, 3]) await addRows('policy', version);
  expect(await removeUnusedRows(database, 'policy')).toEqual([2]);
  expect(await rowsOf('policy')).toEqual([1, 3]);
  expect(await removeUnusedRows(database, 'policy')).toEqual([]);
});

test('removes rows of a definition with online off, even the newest, and rows left by an interrupted removal', async () => {
  await candidateModel(database, 'switched');
  await database.pool.query(
    `insert into tidegate.definition (model, version, body, digest, applied_by)
     select model, 2, jsonb_set(body::jsonb, '{online}', '"off"')::json, 'off', 'ada'
     from tidegate.definition where model = 'switched'`,
  );
  await addDefinition(database, 'switched', 3);
  for (const version of [1, 2, 3]) await addRows('switched', version);
  // The state after a removal that was interrupted after it deleted the watermark.
  await database.pool.query(
    `delete from tidegate.online_watermark where model = 'switched' and definition_version = 1`,
  );
  expect(await removeUnusedRows(database, 'switched')).toEqual([1, 2]);
  expect(await rowsOf('switched')).toEqual([3]);
  await database.pool.query(
    `insert into tidegate.definition (model, version, body, digest, applied_by)
     select model, 4, body, 'off again', 'ada' from tidegate.definition where model = 'switched' and version = 2`,
  );
  await addRows('switched', 4);
  expect(await removeUnusedRows(database, 'switched')).toEqual([3, 4]);
});

test('keeps the rows of a candidate whose retrain is open, and not of one that was refused', async () => {
  const model = await candidateModel(database, 'open');
  await model.register();
  expect(await definitionsInUse(database.kysely, 'open')).toEqual([1]);
  await database.pool.query(`update tidegate.retrain set finished_at = now() where model = 'open'`);
  expect(await definitionsInUse(database.kysely, 'open')).toEqual([]);
});
