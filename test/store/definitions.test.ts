// Applying a definition: it is checked against its tables and numbered, and its fixed parts cannot change.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { category, count, flag, numeric } from '../../domain/model/parts/column.ts';
import { featuresOf } from '../../domain/model/define-model.ts';
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { applyDefinition, getDefinition, listModels } from '../../store/definitions/definitions.ts';
import { closeRetrain, openRetrain } from '../../store/registry/retrains.ts';
import { candidateModel } from '../helpers/candidates.ts';
import { failureOf } from '../helpers/failures.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';
import { sampleDefinition, sampleModel, type SampleOptions } from '../helpers/sample-model.ts';

let database: MigratedDatabase;

beforeAll(async () => {
  database = await migratedDatabase();
  await sampleModel(database, 'shared');
  const trained = await candidateModel(database, 'trained');
  await trained.register();
});
afterAll(() => database.drop());

const apply = (definition: ModelDefinition) => applyDefinition(database, definition, 'ada');

/** A separate model over the shared tables. */
const named = (name: string, options: SampleOptions = {}): ModelDefinition =>
  sampleDefinition('shared', { ...options, model: { name, ...options.model } });

const oneView = (columns: ModelDefinition['features'][number]['columns'], rest = {}): SampleOptions => ({
  view: { columns, ...rest },
});

const misfits = [
  [
    'an unknown rows table',
    { model: { rows: { table: 'nowhere', timestamp: 'at' } } },
    'UNKNOWN_TABLE',
    'rows.table',
    'there is no table nowhere',
  ],
  [
    'a table in an unknown schema',
    { view: { table: 'no.usage' } },
    'UNKNOWN_TABLE',
    'features.0.table',
    'there is no table no.usage; there is shared.usage',
  ],
  [
    'an unknown label table',
    { label: { table: 'shared.outcomes' } },
    'UNKNOWN_TABLE',
    'label.table',
    'there is no table shared.outcomes',
  ],
  [
    'a table name with other capitals',
    { view: { table: 'shared.Usage' } },
    'UNKNOWN_TABLE',
    'features.0.table',
    'there is no table shared.Usage',
  ],
  [
    'an unknown feature column',
    oneView({ minutes: numeric() }),
    'UNKNOWN_COLUMN',
    'features.0.columns.minutes',
    'shared.usage has no column minutes; it has user_id, region, at, loaded_at, hours, plan',
  ],
  [
    'an unknown time column of the rows table',
    { model: { rows: { table: 'shared.spine', timestamp: 'when' } } },
    'UNKNOWN_COLUMN',
    'rows.timestamp',
    'shared.spine has no column when',
  ],
  [
    'an unknown time column of a view',
    { view: { timestamp: 'when' } },
    'UNKNOWN_COLUMN',
    'features.0.timestamp',
    'shared.usage has no column when',
  ],
  [
    'an unknown known column',
    { view: { known: 'seen', lag: '1 hour' } },
    'UNKNOWN_COLUMN',
    'features.0.known',
    'shared.usage has no column seen',
  ],
  [
    'an unknown label column',
    { label: { column: 'left' } },
    'UNKNOWN_COLUMN',
    'label.column',
    'shared.outcome has no column left',
  ],
  [
    'an unknown entity key',
    { model: { entity: { name: 'user', keys: ['user'] } } },
    'UNKNOWN_COLUMN',
    'rows.table (entity key)',
    'shared.spine has no column user',
  ],
  [
    'a number declared for a text column',
    oneView({ plan: numeric() }),
    'WRONG_COLUMN_TYPE',
    'features.0.columns.plan',
    'shared.usage.plan is text, but one of smallint',
  ],
  [
    'a count declared for a column of fractions',
    oneView({ hours: count() }),
    'WRONG_COLUMN_TYPE',
    'features.0.columns.hours',
    'shared.usage.hours is double precision',
  ],
  [
    'a category declared for a column of fractions',
    oneView({ hours: category(['1']) }),
    'WRONG_COLUMN_TYPE',
    'features.0.columns.hours',
    'shared.usage.hours is double precision',
  ],
  [
    'a flag declared for a text column',
    oneView({ plan: flag() }),
    'WRONG_COLUMN_TYPE',
    'features.0.columns.plan',
    'shared.usage.plan is text',
  ],
  [
    'a time column of type text',
    { view: { timestamp: 'plan' } },
    'WRONG_COLUMN_TYPE',
    'features.0.timestamp',
    'shared.usage.plan is text, but one of timestamp with time zone',
  ],
] as const satisfies readonly (readonly [string, SampleOptions, string, string, string])[];

test.each(misfits)('refuses %s, with its place', async (_, options, code, at, problem) => {
  const failure = await failureOf(apply(named('misfit', options)));
  expect(failure.code).toBe(code);
  expect(failure.places[0]?.at).toBe(at);
  expect(failure.places[0]?.problem).toContain(problem);
  expect(failure.message).toContain(`${at}: ${problem}`);
  expect(await listModels(database)).not.toContain('misfit');
});

test('lists all problems, with the code of the first', async () => {
  const options = oneView({ minutes: numeric(), plan: flag() });
  const failure = await failureOf(apply(named('misfit', options)));
  expect(failure.code).toBe('UNKNOWN_COLUMN');
  expect(failure.places.map(({ at }) => at)).toEqual([
    'features.0.columns.minutes',
    'features.0.columns.plan',
  ]);
});

test('accepts a SQL view of the user and every number, text and time type', async () => {
  await database.pool.query(`
    create type shared.colour as enum ('red', 'green');
    create table shared.wide (user_id text, region text, day date, seen timestamp(3),
      a smallint, b bigint, c numeric(12, 2), d real, e varchar(9), f char(2), g shared.colour, h boolean);
    create view shared.richer as select * from shared.wide`);
  const columns = {
    ...{ a: count(), b: count(), c: numeric(), d: numeric(), h: flag() },
    ...{ e: category(['x']), f: category(['xx']), g: category(['red', 'green']) },
  };
  const times = { timestamp: 'day', known: 'seen', lag: '1 day' };
  const definition = named('fits', { view: { table: 'shared.richer', columns, ...times } });
  await expect(apply(definition)).resolves.toMatchObject({ version: 1, changed: true });
});

test('changes nothing for the same definition, and stores a changed one as the next version', async () => {
  const definition = named('again');
  expect(await apply(definition)).toMatchObject({ version: 1, changed: true });
  expect(await apply(definition)).toMatchObject({ version: 1, changed: false });
  const changed = named('again', { view: { ttl: '9 days' } });
  expect(await apply(changed)).toMatchObject({ version: 2, changed: true });
  expect(await apply(definition)).toMatchObject({ version: 3, changed: true });
});

test('keeps the body of each version, and returns the newest by default', async () => {
  const before = named('versions');
  const after = named('versions', { view: { ttl: '9 days' } });
  await apply(before);
  await applyDefinition(database, after, 'grace');
  expect(await getDefinition(database, 'versions', 1)).toMatchObject({
    definition: before,
    appliedBy: 'ada',
  });
  const newest = await getDefinition(database, 'versions');
  expect(newest).toMatchObject({ version: 2, definition: after, appliedBy: 'grace' });
});

const fixed = [
  ['entity keys', 'entity.keys', { model: { entity: { name: 'user', keys: ['user_id'] } } }],
  [
    'the order of entity keys',
    'entity.keys',
    { model: { entity: { name: 'user', keys: ['region', 'user_id'] } } },
  ],
  ['the positive label', 'label.positive', { label: { positive: false } }],
  ['the delay of the label', 'label.delay', { label: { delay: '3 days' } }],
  ['what an absent label means', 'label.absentMeans', { label: { absentMeans: 'negative' } }],
  ['the share of the holdout', 'holdout.share', { model: { holdout: { share: 0.3 } } }],
  ['the cluster of the holdout', 'holdout.cluster', { model: { holdout: { cluster: ['user_id'] } } }],
  ['the order of its cluster', 'holdout.cluster', { model: { holdout: { cluster: ['region', 'user_id'] } } }],
] as const satisfies readonly (readonly [string, string, SampleOptions])[];

test.each(fixed)('refuses a change of %s after the first version', async (_, place, options) => {
  const failure = await failureOf(apply(sampleDefinition('trained', options)));
  expect(failure.code).toBe('DEFINITION_CONFLICT');
  expect(failure.places.map(({ at }) => at)).toEqual([place]);
  expect(failure.message).toMatch(new RegExp(`has versions: ${place} was .* and cannot become `));
  expect(failure.remedy).toContain('apply it under another name');
  expect(failure.remedy).toContain('`tidegate retire trained`');
  expect((await getDefinition(database, 'trained')).version).toBe(1);
});

test.each(fixed)('accepts a correction of %s before the first version', async (what, _, options) => {
  const name = what.replaceAll(' ', '-');
  await apply(named(name));
  const corrected = named(name, options);
  await expect(apply(corrected)).resolves.toMatchObject({ version: 2, changed: true });
  await expect(apply(corrected)).resolves.toMatchObject({ version: 2, changed: false });
});

test('refuses a change of fixed parts while the first version is trained, and accepts it if that fails', async () => {
  await apply(named('in-training'));
  const id = 'in-training/first';
  await openRetrain(database, {
    id,
    model: 'in-training',
    reportId: null,
    asOf: null,
    trigger: 'manual',
    requestedBy: 'ada',
    workflowId: 'test',
    runId: 'run',
  });
  const corrected = named('in-training', { label: { positive: false } });
  const failure = await failureOf(apply(corrected));
  expect(failure).toMatchObject({ code: 'DEFINITION_CONFLICT' });
  expect(failure.message).toContain('is being trained (retrain in-training/first)');
  await closeRetrain(database, id, { outcome: 'failed', reason: 'one class', summary: 'failed' });
  await expect(apply(corrected)).resolves.toMatchObject({ version: 2 });
});

test('treats a default that is spelt out like one that is left out', async () => {
  await apply(named('spelt'));
  const holdout = { share: 0.2, cluster: ['user_id', 'region'] };
  const spelt = named('spelt', { model: { holdout }, label: { positive: true, delay: '0 days' } });
  await expect(apply(spelt)).resolves.toMatchObject({ version: 2 });
});

test('accepts the unchanged definition of a model that was stored before a field had a default', async () => {
  await apply(named('old'));
  await database.pool.query(
    `update tidegate.model set label = (label::jsonb - 'delay' - 'positive')::json where name = 'old'`,
  );
  await expect(apply(named('old', { view: { ttl: '9 days' } }))).resolves.toMatchObject({
    version: 2,
    changed: true,
  });
});

test('numbers ten definitions that are applied concurrently from 1 to 10', async () => {
  const definitions = Array.from({ length: 10 }, (_, n) =>
    named('crowd', { view: { ttl: `${n + 1} days` } }),
  );
  const applied = await Promise.all(definitions.map(apply));
  const numbers = applied.map(({ version }) => version).toSorted((a, b) => a - b);
  expect(numbers).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  for (const [at, { version }] of applied.entries()) {
    expect((await getDefinition(database, 'crowd', version)).definition).toEqual(definitions[at]);
  }
});

test('stores a definition once if it is applied ten times concurrently', async () => {
  const definition = named('chorus');
  const applied = await Promise.all(Array.from({ length: 10 }, () => apply(definition)));
  expect(applied.filter(({ changed }) => changed)).toMatchObject([{ version: 1, changed: true }]);
  expect(new Set(applied.map(({ version }) => version))).toEqual(new Set([1]));
});

test('refuses an unknown model, and names the existing models', async () => {
  await apply(named('present'));
  const failure = await failureOf(getDefinition(database, 'absent'));
  expect(failure.code).toBe('UNKNOWN_MODEL');
  expect(failure.message).toMatch(/^there is no model "absent"; there are .*present/);
});

test('keeps the features of a stored definition in the order in which they were written', async () => {
  const columns = { plan: category(['a']), hours: numeric() };
  await apply(named('order', { view: { columns } }));
  const { definition } = await getDefinition(database, 'order');
  expect(featuresOf(definition).map(({ name }) => name)).toEqual(['plan', 'hours']);
});
