// Views with the same name in several models: which models share one, and which declare it differently.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { numeric } from '../../domain/model/parts/column.ts';
import { view } from '../../domain/model/define-model.ts';
import { type ModelDefinition, type ViewInput } from '../../domain/model/definition.ts';
import { applyDefinition } from '../../store/definitions/definitions.ts';
import { findSharedViews } from '../../store/registry/shared-views.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';
import { sampleDefinition, sampleModel } from '../helpers/sample-model.ts';

let database: MigratedDatabase;

beforeAll(async () => {
  database = await migratedDatabase();
  await sampleModel(database, 'shared');
});

afterAll(() => database.drop());

const usage = (change: Partial<ViewInput> = {}): ViewInput =>
  view({ name: 'usage', table: 'shared.usage', timestamp: 'at', columns: { hours: numeric() }, ...change });

const model = (name: string, ...features: ViewInput[]): ModelDefinition =>
  sampleDefinition('shared', { model: { name, features } });

const apply = (definition: ModelDefinition) => applyDefinition(database, definition, 'ada');

test('a view of only one model is shared with none, and a view without a name is ignored', async () => {
  expect(await findSharedViews(database, model('alone', usage({ name: 'lonely' })))).toEqual([
    { view: 'lonely', uses: [] },
  ]);
  expect(await findSharedViews(database, sampleDefinition('shared'))).toEqual([]);
});

test('models with the same declaration share it, and for one that differs every field is listed', async () => {
  await apply(model('first', usage()));
  await apply(model('second', usage({ ttl: '9 days', columns: { hours: numeric({ min: 0 }) } })));
  const [shared] = await findSharedViews(database, model('third', usage()));
  expect(shared).toMatchObject({
    view: 'usage',
    uses: [
      { model: 'first', definitionVersion: 1, differences: [], agreedUntil: null },
      {
        model: 'second',
        definitionVersion: 1,
        differences: [
          { at: 'ttl', before: '9 days', now: undefined },
          { at: 'columns.hours.min', before: 0, now: undefined },
        ],
        agreedUntil: null,
      },
    ],
  });
});

test('a model that changed its declaration is distinguished from one that never had this one', async () => {
  await apply(model('mover', usage({ name: 'moving' })));
  await apply(model('mover', usage({ name: 'moving', ttl: '3 days' })));
  await apply(model('mover', usage({ name: 'moving', ttl: '4 days' })));
  const uses = async (change: Partial<ViewInput>) =>
    (await findSharedViews(database, model('stays', usage({ name: 'moving', ...change }))))[0]?.uses;
  expect(await uses({})).toMatchObject([{ definitionVersion: 3, agreedUntil: 1 }]);
  expect(await uses({ ttl: '3 days' })).toMatchObject([{ definitionVersion: 3, agreedUntil: 2 }]);
  expect(await uses({ ttl: '4 days' })).toMatchObject([{ differences: [], agreedUntil: null }]);
  expect(await uses({ ttl: '5 days' })).toMatchObject([{ definitionVersion: 3, agreedUntil: null }]);
});

test('the stored declaration of the model itself is not compared', async () => {
  await apply(model('changer', usage({ name: 'own' })));
  expect(await findSharedViews(database, model('changer', usage({ name: 'own', ttl: '3 days' })))).toEqual([
    { view: 'own', uses: [] },
  ]);
});

test('a stored view that lacks a field with a default compares as equal', async () => {
  await apply(model('older', usage({ name: 'defaults' })));
  await database.pool.query(`
    insert into tidegate.definition (model, version, body, digest, applied_by)
    select model, 2, jsonb_set(body::jsonb, '{features,0}', (body::jsonb #> '{features,0}') - 'pastMaxAge')::json, 'x', 'ada'
    from tidegate.definition where model = 'older'`);
  const [shared] = await findSharedViews(database, model('newer', usage({ name: 'defaults' })));
  expect(shared?.uses).toMatchObject([{ model: 'older', definitionVersion: 2, differences: [] }]);
});
