// A table that is loaded later than its lag allows is refused, because training would only see nulls.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Dataset } from '../../store/registry/dataset.ts';
import { freezeWindow } from '../../store/datasets/freeze.ts';
import { readDataset } from '../../store/datasets/read.ts';
import { applyDefinition } from '../../store/definitions/definitions.ts';
import { failureOf } from '../helpers/failures.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';
import { type SampleModel, sampleModel } from '../helpers/sample-model.ts';

let database: MigratedDatabase;

beforeAll(async () => (database = await migratedDatabase()));
afterAll(() => database.drop());

const at = '2024-03-15T00:00:00Z';
const lateLoad = '2024-03-15T06:00:00Z';

/** 100 entities whose values are loaded six hours after their time; from number `late` on, at their time. */
async function nightly(name: string, lag: string, late: number, knownSince?: string): Promise<SampleModel> {
  const view = { known: 'loaded_at', lag, ...(knownSince !== undefined && { knownSince }) };
  const model = await sampleModel(database, name, { view });
  await applyDefinition(database, model.definition, 'ada');
  const users = Array.from({ length: 100 }, (_, n) => ({ user_id: `${n}`, at }));
  await model.insert('spine', ...users);
  const loaded = users.map((user, n) => ({ ...user, loaded_at: n < late ? lateLoad : at, hours: n }));
  await model.insert('usage', ...loaded);
  return model;
}

const freeze = ({ definition }: SampleModel): Promise<Dataset> =>
  freezeWindow(database, {
    request: definition.name,
    definition,
    definitionVersion: 1,
    window: { from: new Date('2024-02-29Z'), to: new Date('2024-03-31Z') },
  });

test('uses a nightly load that is six hours late if the lag is 6 hours', async () => {
  const { frame } = await readDataset(database, await freeze(await nightly('seen', '6 hours', 100)));
  const [hours] = frame.features;
  expect(hours?.kind === 'numeric' && hours.values.every((value) => !Number.isNaN(value))).toBe(true);
});

test('refuses a nightly load that is six hours late without a lag', async () => {
  const failure = await failureOf(freeze(await nightly('refused', '0 hours', 100)));
  expect(failure.code).toBe('FEATURES_NOT_KNOWN');
  expect(failure.message).toBe(
    '100 % of the rows of refused.usage became known later than at + 0 hours, so they would be silently null in training',
  );
  const { rows } = await database.pool.query(`select from tidegate.dataset where request = 'refused'`);
  expect(rows).toEqual([]);
});

test('allows up to 5 % hidden rows, and refuses more', async () => {
  expect((await freeze(await nightly('five', '5 hours', 5))).rows).toBe(100);
  const failure = await failureOf(freeze(await nightly('six', '5 hours', 6)));
  expect(failure.code).toBe('FEATURES_NOT_KNOWN');
  expect(failure.message).toMatch(/^6 %/);
});

test('does not refuse history that was loaded before knownSince', async () => {
  const frozen = await freeze(await nightly('backfilled', '0 hours', 100, '2024-04-01T00:00:00Z'));
  const [hours] = (await readDataset(database, frozen)).frame.features;
  expect(hours?.kind === 'numeric' && hours.values.some(Number.isNaN)).toBe(false);
});

test('does not count entities without any value as hidden', async () => {
  const model = await nightly('absent', '6 hours', 0);
  const strangers = Array.from({ length: 400 }, (_, n) => ({ user_id: `stranger ${n}`, at }));
  await model.insert('spine', ...strangers);
  expect((await freeze(model)).rows).toBe(500);
});
