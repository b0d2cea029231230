// parseDefinition: defaults, and what it reports for each mistake in a definition.
import { expect, test } from 'vitest';
import { category, count, flag, numeric } from '../../../domain/model/parts/column.ts';
import {
  clusterKeys,
  clusterReader,
  criticalFeatures,
  defineModel,
  featuresOf,
  holdoutPolicy,
  parseDefinition,
  view,
} from '../../../domain/model/define-model.ts';
import { type ModelInput } from '../../../domain/model/definition.ts';
import { TidegateError } from '../../../domain/errors.ts';
import churn from '../../../models/churn.ts';

const minimal = defineModel({
  name: 'sample',
  entity: { name: 'user', keys: ['user_id', 'region'] },
  rows: { table: 'users', timestamp: 'at' },
  features: [view({ table: 'usage', timestamp: 'at', columns: { hours: numeric() } })],
  label: { table: 'labels', column: 'gone', timestamp: 'at' },
  monitor: { every: '1 month', window: '1 month' },
  training: { trainer: 'logistic-regression', window: '3 months' },
  promotion: {},
});

const refusal = (input: unknown): TidegateError => {
  try {
    parseDefinition(input);
  } catch (error) {
    if (error instanceof TidegateError) return error;
  }
  throw new Error('expected the definition to be refused');
};

test('keys that are left out get their defaults', () => {
  expect(parseDefinition(minimal)).toMatchObject({
    label: { delay: '0 days', positive: true },
    holdout: { share: 0.2 },
    monitor: { timezone: 'UTC' },
    drift: {
      share: 0.3,
      alpha: 0.05,
      minRows: 30,
      weights: 'equal',
      multivariate: { rows: 4_000, seed: 1 },
    },
    retrain: { minLabels: 200, cooldown: '7 days' },
    training: { seed: 1, l2: 1 },
    promotion: {
      metric: 'auc',
      minDelta: 0.005,
      rule: 'superiority',
      margin: 0.01,
      logLossTolerance: 0.05,
      approvals: 1,
      expiresAfter: '7 days',
      remindEvery: '1 day',
      unverifiedSignals: 'refuse',
      whilePending: 'supersede',
    },
  });
});

test('parsing a checked definition again does not change it', () => {
  const definition = parseDefinition(churn);
  expect(parseDefinition(definition)).toEqual(definition);
  expect(parseDefinition(JSON.parse(JSON.stringify(definition)))).toEqual(definition);
});

const usage = { table: 'usage', timestamp: 'at', columns: { hours: numeric() } };
const withView = (change: object): object => ({ ...minimal, features: [{ ...usage, ...change }] });
const withColumn = (spec: object): object => withView({ columns: { hours: spec } });

const mistakes: (readonly [string, object, string])[] = [
  ['a misspelt field', { ...minimal, nmae: 'sample' }, 'the model'],
  ['a misspelt field of a view', withView({ tll: '1 day' }), 'features.0'],
  ['a misspelt field of a column', withColumn({ type: 'numeric', minimum: 0 }), 'features.0.columns.hours'],
  ['a misspelt field of the promotion', { ...minimal, promotion: { minDelat: 1 } }, 'promotion'],
  ['a misspelt field of the holdout', { ...minimal, holdout: { shares: 0.1 } }, 'holdout'],
  ['an unknown kind of column', withColumn({ type: 'number' }), 'features.0.columns.hours.type'],
  ['a name with a capital letter', { ...minimal, name: 'Churn' }, 'name'],
  ['an entity without keys', { ...minimal, entity: { name: 'user', keys: [] } }, 'entity.keys'],
  ['a definition without views', { ...minimal, features: [] }, 'features'],
  ['a view without columns', withView({ columns: {} }), 'features.0.columns'],
  [
    'a category without values',
    withColumn({ type: 'category', values: [] }),
    'features.0.columns.hours.values',
  ],
  ['a table name that contains SQL', withView({ table: 'usage; drop table users' }), 'features.0.table'],
  ['a known column without a lag', withView({ known: 'loaded_at' }), 'features.0.lag'],
  ['a ttl that is not a duration', withView({ ttl: 'a while' }), 'features.0.ttl'],
  [
    'a knownSince without a time zone',
    withView({ knownSince: '2024-01-01T00:00:00' }),
    'features.0.knownSince',
  ],
  ['a holdout share of 0', { ...minimal, holdout: { share: 0 } }, 'holdout.share'],
  ['a holdout share above one half', { ...minimal, holdout: { share: 0.51 } }, 'holdout.share'],
  [
    'a cluster by a column that is not a key',
    { ...minimal, holdout: { cluster: ['household'] } },
    'holdout.cluster',
  ],
  [
    'an unknown trainer',
    { ...minimal, training: { trainer: 'luck', window: '1 month' } },
    'training.trainer',
  ],
  ['an unknown rule', { ...minimal, promotion: { rule: 'hope' } }, 'promotion.rule'],
  ['eleven approvals', { ...minimal, promotion: { approvals: 11 } }, 'promotion.approvals'],
  ['no approvals', { ...minimal, promotion: { approvals: 0 } }, 'promotion.approvals'],
  [
    'two approvals of people who were not authenticated',
    { ...minimal, promotion: { approvals: 2, unverifiedSignals: 'accept' } },
    'promotion.unverifiedSignals',
  ],
  ['an empty window', { ...minimal, monitor: { every: '1 month', window: '0 days' } }, 'monitor.window'],
  [
    'a schedule with an interval of zero',
    { ...minimal, monitor: { every: '0 hours', window: '1 day' } },
    'monitor.every',
  ],
  [
    'an empty training window',
    { ...minimal, training: { trainer: 'logistic-regression', window: '00 days' } },
    'training.window',
  ],
  [
    'reminders with an interval of zero',
    { ...minimal, promotion: { remindEvery: '0 days' } },
    'promotion.remindEvery',
  ],
  [
    'an approval that expires immediately',
    { ...minimal, promotion: { expiresAfter: '0 days' } },
    'promotion.expiresAfter',
  ],
];

test.each(mistakes)('%s is refused with its place', (_, input, at) => {
  const { code, places, message } = refusal(input);
  expect(code).toBe('INVALID_DEFINITION');
  expect(places.map((place) => place.at)).toEqual([at]);
  expect(message).toContain(`${at}: ${places[0]?.problem}`);
});

test('the error names a misspelt field', () => {
  expect(refusal({ ...minimal, promotion: { minDelat: 1 } }).message).toContain('minDelat');
});

test('a value that is not a definition at all is refused', () => {
  for (const input of [undefined, null, 'churn', 7, []])
    expect(refusal(input).places[0]?.at).toBe('the model');
});

test('the second of two features with the same name is refused, with the place of the first', () => {
  const twice = [
    view({ ...usage, columns: { other: count() } }),
    view(usage),
    view({ ...usage, table: 'more' }),
  ];
  expect(refusal({ ...minimal, features: twice }).places).toEqual([
    { at: 'features.2.columns.hours', problem: 'a feature of that name is already declared in features.1' },
  ]);
});

test('the name __proto__ is refused, whether it is written as a literal or parsed from JSON', () => {
  const literal = withView({ columns: { hours: numeric(), __proto__: count() } });
  expect(refusal(literal).places.map(({ at }) => at)).toEqual(['features.0.columns.__proto__']);
  const parsed: unknown = JSON.parse('{"features":[{"derived":{"__proto__":{}}}]}');
  expect(refusal(parsed).places.map(({ at }) => at)).toEqual(['features.0.derived.__proto__']);
});

test('names of properties that every object has, such as constructor, are allowed', () => {
  const columns = { constructor: numeric(), toString: count(), hasOwnProperty: flag() };
  const definition = parseDefinition(withView({ columns }));
  expect(featuresOf(definition).map(({ name }) => name)).toEqual(Object.keys(columns));
});

test('two views with the same name are refused', () => {
  const named = { ...usage, name: 'usage' };
  const twice = { ...minimal, features: [named, { ...named, columns: { calls: count() } }] };
  expect(refusal(twice).places).toEqual([
    { at: 'features.1.name', problem: 'features.0 is already named usage' },
  ]);
});

test('a feature cannot have the name of a key, of a system column of Postgres, or of a column that Tidegate adds', () => {
  const columns = { region: category(), ctid: category(), tidegate_at: count(), hours: numeric() };
  expect(refusal(withView({ columns })).places).toEqual([
    {
      at: 'features.0.columns.region',
      problem: 'is already a key of the entity; give the feature another name',
    },
    { at: 'features.0.columns.ctid', problem: 'is a system column of Postgres' },
    {
      at: 'features.0.columns.tidegate_at',
      problem: 'begins with tidegate_, which is reserved for columns that Tidegate adds',
    },
  ]);
});

test('the message lists every mistake, and the places list at most twenty', () => {
  const columns = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`c${n}`, { type: 'nothing' }]));
  const error = refusal(withView({ columns }));
  expect(error.places).toHaveLength(20);
  expect(error.message).toContain('features.0.columns.c29.type');
});

test('a duration of zero is allowed for ttl, lag, delay and cooldown', () => {
  const input = {
    ...minimal,
    features: [{ ...usage, known: 'loaded_at', lag: '0 hours', ttl: '0 days' }],
    label: { ...minimal.label, delay: '0 days' },
    retrain: { cooldown: '0 days' },
  };
  expect(() => parseDefinition(input)).not.toThrow();
});

test('features are listed in the order in which they are written, with their view', () => {
  const features = [
    view({ ...usage, columns: { b: count({ critical: true }), a: flag() } }),
    view({ ...usage, columns: { c: category(['x'], { critical: true }) } }),
  ];
  const definition = parseDefinition({ ...minimal, features } satisfies ModelInput);
  expect(featuresOf(definition).map(({ name, view: of }) => [name, of])).toEqual([
    ['b', 0],
    ['a', 0],
    ['c', 1],
  ]);
  expect(criticalFeatures(definition)).toEqual(['b', 'c']);
});

test('the cluster is the entity unless the definition lists keys for it', () => {
  const entity = parseDefinition(minimal);
  expect(clusterKeys(entity)).toEqual(['user_id', 'region']);
  expect(clusterReader(entity)('["u", "eu"]')).toBe('["u", "eu"]');
  const region = parseDefinition({ ...minimal, holdout: { cluster: ['region'] } });
  expect(clusterKeys(region)).toEqual(['region']);
  expect(clusterReader(region)('["u", "eu"]')).toBe('["eu"]');
  expect(holdoutPolicy(region)).toEqual({ salt: 'sample', share: 0.2 });
});

test('an invalid column name is refused with a description of a valid one', () => {
  for (const name of ['emp.var.rate', '2nd', 'größe', 'x'.repeat(64)]) {
    const columns = { [name]: numeric() };
    const { places } = refusal({
      ...minimal,
      features: [view({ table: 'usage', timestamp: 'at', columns })],
    });
    expect(places.map(({ at }) => at)).toEqual([`features.0.columns.${name}`]);
    expect(places[0]?.problem).toMatch(
      /^must be a column name of at most 63 letters.* a view in Postgres can rename/,
    );
  }
});
