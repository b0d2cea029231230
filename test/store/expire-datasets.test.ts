// Retention of datasets: rows are deleted, header and digest stay, and a dataset that is in use keeps its
// rows.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { getDataset } from '../../store/registry/dataset.ts';
import { datasetUses, expireDatasets } from '../../store/datasets/dataset-uses.ts';
import { freezeWindow } from '../../store/datasets/freeze.ts';
import { readDataset } from '../../store/datasets/read.ts';
import { rollBack } from '../../store/registry/roll-back.ts';
import { by, candidateModel } from '../helpers/candidates.ts';
import { getDefinition } from '../../store/definitions/definitions.ts';
import { failureOf } from '../helpers/failures.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';

let database: MigratedDatabase;

beforeAll(async () => (database = await migratedDatabase()));
afterAll(() => database.drop());

const later = new Date(Date.now() + 400 * 86_400_000);
const window = { from: new Date('2024-01-01Z'), to: new Date('2024-02-01Z') };

const expire = async (model: string, now = later, dryRun = false): Promise<number[]> =>
  (await expireDatasets(database, { model, retention: '12 months', now, dryRun })).map(({ id }) => id);

/** Freezes the model's window again, as a dataset that nothing uses. */
async function freezeUnused(model: string, request: string): Promise<number> {
  const { definition, version } = await getDefinition(database, model);
  const made = await freezeWindow(database, { request, definition, definitionVersion: version, window });
  return made.id;
}

const closeRetrains = (model: string): Promise<unknown> =>
  database.pool.query(
    'update tidegate.retrain set finished_at = now() where model = $1 and finished_at is null',
    [model],
  );

test('deletes the rows of unused datasets after the retention time, and reports that to readers', async () => {
  await candidateModel(database, 'unused');
  const id = await freezeUnused('unused', 'unused/more');
  expect(await expire('unused', new Date())).toEqual([]);
  expect(await expire('unused', later, true)).toContain(id);
  expect((await getDataset(database, id)).expiredAt).toBeNull();
  const before = await getDataset(database, id);
  expect(await expire('unused')).toContain(id);
  expect(await expire('unused')).toEqual([]);
  const dataset = await getDataset(database, id);
  expect(dataset).toEqual({ ...before, expiredAt: later });
  const failure = await failureOf(readDataset(database, before));
  expect(failure.code).toBe('DATASET_EXPIRED');
  expect(failure.message).toContain(`the rows of dataset ${id} of unused were deleted by retention on`);
});

test('keeps the dataset of a version in Production, in Staging or within reach of a rollback', async () => {
  const model = await candidateModel(database, 'in_reach', { promotion: { unverifiedSignals: 'accept' } });
  await model.stage();
  await closeRetrains('in_reach');
  expect(await expire('in_reach')).toEqual([]);
  await model.produce();
  await model.produce();
  await closeRetrains('in_reach');
  await rollBack(database, 'in_reach', undefined, by('back'), '');
  expect(await expire('in_reach')).toEqual([]);
});

test('keeps the dataset of an open retrain until that ends', async () => {
  const model = await candidateModel(database, 'open');
  await model.register();
  await database.pool.query(
    `update tidegate.retrain set dataset_id = (select id from tidegate.dataset where model = 'open') where model = 'open'`,
  );
  expect(await expire('open')).toEqual([]);
  await closeRetrains('open');
  expect(await expire('open')).toHaveLength(1);
});

test('keeps a window that was frozen again with another definition as long as the original', async () => {
  const model = await candidateModel(database, 'stands_for');
  await model.produce();
  await closeRetrains('stands_for');
  const { rows } = await database.pool.query<{ id: number }>(
    `select id from tidegate.dataset where model = 'stands_for'`,
  );
  const id = await freezeUnused('stands_for', `dataset-${rows[0]?.id}/definition-2`);
  expect(await expire('stands_for')).toEqual([]);
  const uses = await datasetUses(database.pool, 'stands_for');
  expect(uses.get(id)).toEqual(uses.get(rows[0]?.id ?? 0));
});
