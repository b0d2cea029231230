// Online features in the format of Feast's feature server.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { numeric } from '../../domain/model/parts/column.ts';
import { parseDefinition, view } from '../../domain/model/define-model.ts';
import { materialize } from '../../store/online/materialize.ts';
import { applyDefinition, getDefinition } from '../../store/definitions/definitions.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';
import { sampleDefinition, sampleModel } from '../helpers/sample-model.ts';
import { startTestApi, type TestApi } from './fixture.ts';

let database: MigratedDatabase;
let api: TestApi;

const first = '2024-03-01T00:00:00.000Z';
const second = '2024-03-02T00:00:00.000Z';
const never = '1970-01-01T00:00:00.000Z';

beforeAll(async () => {
  database = await migratedDatabase();
  const model = await sampleModel(database, 'alpha');
  await database.pool.query(
    'create table alpha.bills (user_id text, region text, at timestamptz, fee float8)',
  );
  const definition = parseDefinition({
    ...sampleDefinition('alpha'),
    features: [
      ...model.definition.features,
      view({ name: 'billing', table: 'alpha.bills', timestamp: 'at', columns: { fee: numeric() } }),
    ],
    derived: { fee_per_hour: { operator: 'ratio', inputs: ['fee', 'hours'] } },
  });
  await applyDefinition(database, sampleDefinition('alpha'), 'ada');
  await database.kysely
    .insertInto('tidegate.definition')
    .values({ model: 'alpha', version: 2, body: JSON.stringify(definition), digest: 'x', appliedBy: 'ada' })
    .execute();
  await model.insert('spine', ...['a', 'b', 'c'].map((user_id) => ({ user_id, at: first })));
  await model.insert('usage', { user_id: 'a', at: first, hours: 2, plan: 'a' }, { user_id: 'b', at: first });
  await database.pool.query(`insert into alpha.bills values ('a', 'eu', $1, 5)`, [second]);
  const source = await getDefinition(database, 'alpha');
  await materialize(database, { source, asOf: new Date('2024-03-03Z') });
  api = await startTestApi(database);
});
afterAll(async () => {
  await api.close();
  await database.drop();
});

const entities = { region: ['eu', 'eu', 'eu', 'eu'], user_id: ['a', 'b', 'c', 'd'] };
const look = (payload: object, path = '/features/online') => api.send('POST', path, { entities, ...payload });

describe('a look-up', () => {
  it.each(['/features/online', '/get-online-features'])(
    'of a model returns one result for each key column and feature, with one position for each entity (%s)',
    async (path) => {
      const { status, body } = await look({ feature_service: 'alpha' }, path);
      expect(status).toBe(200);
      expect(body).toEqual({
        metadata: { feature_names: ['user_id', 'region', 'hours', 'plan', 'fee', 'fee_per_hour'] },
        results: [
          {
            values: ['a', 'b', 'c', 'd'],
            statuses: ['PRESENT', 'PRESENT', 'PRESENT', 'PRESENT'],
            event_timestamps: [never, never, never, never],
          },
          {
            values: ['eu', 'eu', 'eu', 'eu'],
            statuses: ['PRESENT', 'PRESENT', 'PRESENT', 'PRESENT'],
            event_timestamps: [never, never, never, never],
          },
          {
            values: [2, null, null, null],
            statuses: ['PRESENT', 'NULL_VALUE', 'NOT_FOUND', 'NOT_FOUND'],
            event_timestamps: [first, first, never, never],
          },
          {
            values: ['a', null, null, null],
            statuses: ['PRESENT', 'NULL_VALUE', 'NOT_FOUND', 'NOT_FOUND'],
            event_timestamps: [first, first, never, never],
          },
          {
            values: [5, null, null, null],
            statuses: ['PRESENT', 'NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND'],
            event_timestamps: [second, never, never, never],
          },
          {
            values: [2.5, null, null, null],
            statuses: ['PRESENT', 'NULL_VALUE', 'NOT_FOUND', 'NOT_FOUND'],
            event_timestamps: [first, first, never, never],
          },
        ],
      });
    },
  );

  it('accepts features with or without their view, and returns them in the requested order', async () => {
    const { body } = await look({
      features: ['billing:fee', 'hours', 'alpha.usage:plan', 'alpha:fee_per_hour'],
    });
    expect(body.metadata.feature_names.slice(2)).toEqual(['fee', 'hours', 'plan', 'fee_per_hour']);
    expect(body.results.slice(2).map(({ values }) => values[0])).toEqual([5, 2, 'a', 2.5]);
  });

  it('names features with their view if full_feature_names is set', async () => {
    const { body } = await look({ features: ['fee', 'fee_per_hour'], full_feature_names: true });
    expect(body.metadata.feature_names).toEqual(['user_id', 'region', 'billing__fee', 'alpha__fee_per_hour']);
  });

  it.each([
    [
      'features and feature_service',
      { features: ['fee'], feature_service: 'alpha' },
      'INVALID_REQUEST',
      /exactly one/,
    ],
    ['neither of them', {}, 'INVALID_REQUEST', /exactly one/],
    [
      'a feature that does not exist',
      { features: ['fee', 'pony'] },
      'UNKNOWN_FEATURE',
      /features\.1: .*"pony"/,
    ],
    ['a feature of another view', { features: ['billing:hours'] }, 'UNKNOWN_FEATURE', /"billing:hours"/],
    ['a feature named twice', { features: ['fee', 'billing:fee'] }, 'INVALID_REQUEST', /fee appears twice/],
    ['a model that does not exist', { feature_service: 'beta' }, 'UNKNOWN_MODEL', /beta/],
    [
      'lists of different lengths',
      { feature_service: 'alpha', entities: { user_id: ['a', 'b'], region: ['eu'] } },
      'INVALID_REQUEST',
      /entities\.region has 1 values, but user_id has 2/,
    ],
    [
      'a key that is missing',
      { feature_service: 'alpha', entities: { user_id: ['a'] } },
      'INVALID_REQUEST',
      /entities\.region is missing/,
    ],
    [
      'a column that is not a key',
      { feature_service: 'alpha', entities: { user_id: ['a'], region: ['eu'], shoe: ['44'] } },
      'INVALID_REQUEST',
      /entities\.shoe is not a key column/,
    ],
    [
      'an empty list of entities',
      { feature_service: 'alpha', entities: { user_id: [], region: [] } },
      'INVALID_REQUEST',
      /entities/,
    ],
    [
      'a key that is a fraction',
      { feature_service: 'alpha', entities: { user_id: [1.5], region: ['eu'] } },
      'INVALID_REQUEST',
      /whole number/,
    ],
    ['an unknown field', { feature_service: 'alpha', entity: 1 }, 'INVALID_REQUEST', /entity/],
  ])('refuses %s, and names it', async (_what, payload, code, words) => {
    const { status, body } = await look(payload);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(body.error.code).toBe(code);
    expect(body.error.message).toMatch(words);
  });

  it('of a feature that two models read differently asks the caller to choose one', async () => {
    const other = parseDefinition({
      ...sampleDefinition('beta', { view: { ttl: '1 day' } }),
      rows: { table: 'alpha.spine', timestamp: 'at' },
      features: [{ ...sampleDefinition('alpha').features[0], ttl: '1 day' }],
      label: sampleDefinition('alpha').label,
    });
    await applyDefinition(database, other, 'ada');
    const { body } = await look({ features: ['hours'] });
    expect(body.error).toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringContaining('alpha.usage:hours of beta') as string,
    });
    expect((await look({ features: ['fee'] })).status).toBe(200);
  });
});
