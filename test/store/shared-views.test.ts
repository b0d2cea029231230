// Views of one name in several models: who shares one, and who says otherwise.
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

test('a view that nobody else has is shared with nobody, and one without a name is not asked for', async () => {
  expect(await findSharedViews(database, model('alone', usage({ name: 'lonely' })))).toEqual([
    { view: 'lonely', uses: [] },
  ]);
  expect(await findSharedViews(database, sampleDefinition('shared'))).toEqual([]);
});

test('models that declare the same share it; one that differs is named with every field', async () => {
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

test('a model that has moved on from this declaration is told apart from one that never had it', async () => {
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

test('the declaration of a model itself does not stand against it', async () => {
  await apply(model('changer', usage({ name: 'own' })));
  expect(await findSharedViews(database, model('changer', usage({ name: 'own', ttl: '3 days' })))).toEqual([
    { view: 'own', uses: [] },
  ]);
});

test('a stored view that lacks a field with a default says the same', async () => {
  await apply(model('older', usage({ name: 'defaults' })));
  await database.pool.query(`
    insert into tidegate.definition (model, version, body, digest, applied_by)
    select model, 2, jsonb_set(body::jsonb, '{features,0}', (body::jsonb #> '{features,0}') - 'pastMaxAge')::json, 'x', 'ada'
    from tidegate.definition where model = 'older'`);
  const [shared] = await findSharedViews(database, model('newer', usage({ name: 'defaults' })));
  expect(shared?.uses).toMatchObject([{ model: 'older', definitionVersion: 2, differences: [] }]);
});
