// Stored values that are older than their maxAge at the time of the request; the tests set the clock.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parseDefinition } from '../../domain/model/define-model.ts';
import { ratio } from '../../domain/model/derived/arithmetic.ts';
import { definition, ModelFixture, sigmoid, startTestApi, type TestApi } from './fixture.ts';

const valued = '2024-02-01T00:00:00.000Z';
const exactly = new Date('2024-02-03T00:00:00.000Z');
const justPast = new Date(exactly.getTime() + 1);
let now = exactly;
let fixture: ModelFixture;
let api: TestApi;

const withAge = (pastMaxAge: 'null' | 'error' | 'warn', derived: object = {}) =>
  parseDefinition({
    ...definition,
    derived,
    features: [{ ...definition.features[0], name: 'usage_daily', maxAge: '2 days', pastMaxAge }],
  });

beforeAll(async () => {
  fixture = await ModelFixture.create();
  await fixture.addDefinition(2, withAge('null'));
  await fixture.addDefinition(3, withAge('error'));
  await fixture.addDefinition(4, withAge('warn'));
  await fixture.addDefinition(5, withAge('null', { per_ticket: ratio('hours', 'tickets') }));
  for (const version of [1, 2, 3, 4, 5]) {
    await fixture.addOnlineRow('u1', { hours: 10, plan: 'plus', paid: 'true' }, version, [valued]);
    await fixture.addOnlineRow('u2', { hours: null, plan: null }, version, [null]);
  }
  api = await startTestApi(fixture.database, 'aged', () => now);
});
afterEach(() => (now = exactly));
afterAll(async () => {
  await api.close();
  await fixture.drop();
});

const predict = (payload: object = { key: { user_id: 'u1' } }) =>
  api.send('POST', '/models/churn/predict?explain', payload);
const look = (payload: object = {}) =>
  api.send('POST', '/features/online', {
    feature_service: 'churn',
    entities: { user_id: ['u1', 'u2', 'u3'] },
    ...payload,
  });

let champion: number | null = null;
/** Puts a version of a definition into Production and waits until it answers. */
async function serve(definitionVersion: number): Promise<void> {
  const version = await fixture.register(definitionVersion, definitionVersion);
  await fixture.promote(version, champion);
  champion = version;
  await api.serving.instance.sync();
  expect((await predict({ features: {} })).body.version).toBe(version);
}

describe('a value exactly as old as maxAge', () => {
  it('is used normally, and a value of a view without a limit is used at any age', async () => {
    await serve(1);
    now = new Date('2034-01-01Z');
    expect((await predict()).body.predictions[0]).toMatchObject({ score: sigmoid(1 + 1 + 1) });
    expect((await predict()).body.predictions[0]).not.toHaveProperty('past_max_age');
    now = exactly;
    await serve(2);
    expect((await predict()).body.predictions[0]?.score).toBe(sigmoid(2 + 1 + 1));
    expect((await predict()).body.predictions[0]).not.toHaveProperty('past_max_age');
  });
});

describe('an older value', () => {
  const told = { view: 'usage_daily', timestamp: valued, max_age: '2 days' };

  it('counts as missing if pastMaxAge is null, and the answer says so', async () => {
    now = justPast;
    const { body } = await predict();
    expect(body.predictions[0]).toMatchObject({
      missing: ['hours', 'tickets', 'plan', 'paid'],
      past_max_age: [{ ...told, used: false }],
    });
    expect(body.predictions[0]?.score).toBe(sigmoid(2));
    const found = await look();
    const hours = found.body.results[found.body.metadata.feature_names.indexOf('hours')];
    expect(hours).toEqual({
      values: [null, null, null],
      statuses: ['OUTSIDE_MAX_AGE', 'NOT_FOUND', 'NOT_FOUND'],
      event_timestamps: [valued, '1970-01-01T00:00:00.000Z', '1970-01-01T00:00:00.000Z'],
    });
  });

  it('does not matter if the request sends every column of its view', async () => {
    now = justPast;
    const features = { hours: 0, tickets: 1, plan: 'plus', paid: true };
    const { body } = await predict({ key: { user_id: 'u1' }, features });
    expect(body.predictions[0]?.score).toBe(sigmoid(2 + 1));
    expect(body.predictions[0]).not.toHaveProperty('past_max_age');
  });

  it('makes the request fail if pastMaxAge is error, with entity, view and age in the error', async () => {
    await serve(3);
    expect((await predict()).status).toBe(200);
    now = justPast;
    const problem = `the value of usage_daily dates from ${valued}, older than its maxAge of 2 days`;
    const refused = await predict({ keys: [{ user_id: 'u2' }, { user_id: 'u1' }] });
    expect([refused.status, refused.body.error.code]).toEqual([409, 'VALUES_TOO_OLD']);
    expect(refused.body.error.places).toEqual([{ at: 'keys.1', problem }]);
    expect((await predict({ key: { user_id: 'u2' } })).status).toBe(200);
    const looked = await look();
    expect([looked.status, looked.body.error.places]).toEqual([409, [{ at: 'entities.0', problem }]]);
  });

  it('is too old for explain at the same instant as for predict', async () => {
    const explain = () => api.send('POST', '/models/churn/explain', { key: { user_id: 'u1' } });
    expect((await explain()).status).toBe(200);
    now = justPast;
    const refused = await explain();
    expect([refused.status, refused.body.error.code]).toEqual([409, 'VALUES_TOO_OLD']);
  });

  it('is used with a warning if pastMaxAge is warn', async () => {
    await serve(4);
    now = justPast;
    const { body } = await predict();
    expect(body.predictions[0]).toMatchObject({ past_max_age: [{ ...told, used: true }] });
    expect(body.predictions[0]?.score).toBe(sigmoid(4 + 1 + 1));
    const found = await look({ full_feature_names: true });
    const hours = found.body.results[found.body.metadata.feature_names.indexOf('usage_daily__hours')];
    expect([hours?.values[0], hours?.statuses[0]]).toEqual([10, 'OUTSIDE_MAX_AGE']);
  });
});

describe('a column derived from an older value', () => {
  const both = { hours: 10, tickets: 4, per_ticket: 2.5 };

  beforeAll(async () => {
    await fixture.addOnlineRow('u4', both, 5, [valued]);
    await serve(5);
  });

  it('is missing too, even if the online row stores one', async () => {
    const asked = { key: { user_id: 'u4' } };
    expect((await predict(asked)).body.predictions[0]?.features_used).toMatchObject(both);
    now = justPast;
    expect((await predict(asked)).body.predictions[0]?.features_used).toMatchObject({
      hours: null,
      tickets: null,
      per_ticket: null,
    });
    const found = await look({ entities: { user_id: ['u4'] } });
    const place = found.body.metadata.feature_names.indexOf('per_ticket');
    expect(found.body.results[place]).toEqual({
      values: [null],
      statuses: ['OUTSIDE_MAX_AGE'],
      event_timestamps: [valued],
    });
  });

  it('is computed if the request sends the value instead', async () => {
    now = justPast;
    const { body } = await predict({ key: { user_id: 'u4' }, features: { hours: 12, tickets: 3 } });
    expect(body.predictions[0]?.features_used).toMatchObject({ hours: 12, tickets: 3, per_ticket: 4 });
  });
});
