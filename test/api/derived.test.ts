// Predictions from derived columns, and from features that a request sends together with a key.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { category, flag, instant, numeric } from '../../domain/model/parts/column.ts';
import { parseDefinition, view } from '../../domain/model/define-model.ts';
import { cross, daysSince, isMissing, ratio } from '../../domain/model/index.ts';
import { artifact, definition, ModelFixture, sigmoid, startTestApi, type TestApi } from './fixture.ts';

const derivedDefinition = parseDefinition({
  ...definition,
  features: [
    view({
      table: 'usage',
      timestamp: 'as_of',
      columns: {
        fee: numeric(),
        hours: numeric({ inputOnly: true }),
        plan: category(),
        paid: flag(),
        since: instant(),
      },
    }),
  ],
  derived: {
    per_hour: ratio('fee', 'hours'),
    tenure: daysSince('since'),
    no_hours: isMissing('hours'),
    plan_paid: cross(['plan', 'paid']),
  },
});

/** Scores sigmoid(per_hour + tenure), two derived columns, which no request may send. */
const learnt = {
  ...artifact(0),
  encoding: {
    columns: ['per_hour', 'tenure'].map((name) => ({
      kind: 'numeric' as const,
      name,
      scale: { mean: 0, sd: 1 },
      missing: false,
    })),
    dropped: ['fee', 'plan', 'paid', 'no_hours', 'plan_paid'],
  },
  coefficients: [0, 1, 1],
};

let fixture: ModelFixture;
let api: TestApi;

// The online rows of the fixture have the as-of instant 1 February 2024.
const january31 = Date.parse('2024-01-31T00:00:00Z') * 1_000;
const key = { user_id: 'u1' };
const predict = (payload: object) => api.send('POST', '/models/churn/predict?explain', payload);
const first = async (payload: object) => (await predict(payload)).body.predictions[0];

beforeAll(async () => {
  fixture = await ModelFixture.create();
  await fixture.addDefinition(2, derivedDefinition);
  const version = await fixture.register(0, 2, learnt);
  await fixture.promote(version, null);
  const stored = { fee: 30, hours: 10, plan: 'basic', paid: 'true', since: january31 };
  await fixture.addOnlineRow('u1', stored, 2);
  await fixture.addOnlineRow('u2', { ...stored, hours: null, since: null, plan: '__proto__' }, 2);
  api = await startTestApi(fixture.database);
});

afterAll(async () => {
  await api.close();
  await fixture.drop();
});

describe('derived columns of an online row', () => {
  it('are computed from the stored values, at the as-of instant of the row', async () => {
    expect(await first({ key })).toEqual({
      id: expect.anything() as string,
      key,
      score: sigmoid(4),
      positive: true,
      features_used: {
        fee: 30,
        plan: 'basic',
        paid: true,
        per_hour: 3,
        tenure: 1,
        no_hours: false,
        plan_paid: 'basic & true',
      },
      explanation: expect.anything() as object,
      missing: [],
      as_of: '2024-02-01T00:00:00.000Z',
    });
  });

  it('are missing if an input is missing, except for a flag that says whether it is', async () => {
    expect(await first({ key: { user_id: 'u2' } })).toMatchObject({
      features_used: { per_hour: null, tenure: null, no_hours: true, plan_paid: '__proto__ & true' },
      missing: ['per_hour', 'tenure'],
    });
  });
});

describe('features sent with a key', () => {
  it('replace the stored ones, and derived columns are computed from them', async () => {
    expect(await first({ key, features: { fee: 50 } })).toMatchObject({
      score: sigmoid(6),
      features_used: { fee: 50, per_hour: 5, tenure: 1, plan: 'basic' },
      overridden: ['fee'],
      as_of: '2024-02-01T00:00:00.000Z',
    });
  });

  it('may include inputs that are not features, such as an instant as text', async () => {
    expect(await first({ key, features: { hours: 6, since: '2024-01-30T12:00:00Z' } })).toMatchObject({
      features_used: { per_hour: 5, tenure: 1.5 },
      overridden: ['hours', 'since'],
    });
  });

  it('can fill in values that the row lacks, or make stored values missing', async () => {
    const completed = await first({ key: { user_id: 'u2' }, features: { hours: 15 } });
    expect(completed).toMatchObject({ features_used: { per_hour: 2, no_hours: false }, missing: ['tenure'] });
    const lost = await first({ key, features: { fee: null } });
    expect(lost).toMatchObject({
      features_used: { fee: null, per_hour: null },
      missing: ['fee', 'per_hour'],
    });
  });

  it('affect only their own entry, and entries are answered in order', async () => {
    const { body } = await predict({
      entries: [
        { key, features: { fee: 10 } },
        { key },
        { features: { fee: 4, hours: 2 } },
        { key: { user_id: 'u2' }, features: {} },
      ],
    });
    expect(body.predictions.map(({ features_used: used }) => [used?.['fee'], used?.['per_hour']])).toEqual([
      [10, 1],
      [30, 3],
      [4, 2],
      [30, null],
    ]);
    expect(body.predictions.map((each) => each.key?.['user_id'])).toEqual(['u1', 'u1', undefined, 'u2']);
    expect(body.predictions.map(({ overridden }) => overridden)).toEqual([['fee'], undefined, undefined, []]);
  });

  it.each([
    [
      'a derived column',
      { per_hour: 3 },
      'INVALID_FEATURE',
      'features.per_hour: is derived (fee / hours); send the columns that it is derived from instead',
    ],
    ['a derived column that is null', { per_hour: null }, 'INVALID_FEATURE', 'features.per_hour: is derived'],
    [
      'a column that does not exist',
      { fees: 3 },
      'UNKNOWN_FEATURE',
      'features.fees: the model has no such feature',
    ],
    [
      'a wrong type',
      { fee: '3' },
      'INVALID_FEATURE',
      'features.fee: expected a number or null, got the text "3"',
    ],
    [
      'an instant without a zone',
      { since: '2024-01-30T12:00:00' },
      'INVALID_FEATURE',
      'features.since: expected a day',
    ],
    ['an instant as a number', { since: january31 }, 'INVALID_FEATURE', 'features.since: expected a day'],
  ])('are refused if they contain %s', async (_, features, code, message) => {
    const { status, body } = await predict({ key, features });
    expect([status, body.error.code]).toEqual([400, code]);
    expect(body.error.message).toContain(message);
  });

  it('are refused with their position among many entries', async () => {
    const { body } = await predict({ entries: [{ key }, { key: {}, features: {} }, {}] });
    expect(body.error.places.map(({ at }) => at)).toEqual(['entries.2']);
    const keyless = await predict({ entries: [{ key }, { key: { user: 1 } }] });
    expect(keyless.body.error.places.map(({ at }) => at)).toEqual([
      'entries.1.key.user_id',
      'entries.1.key.user',
    ]);
    const wrong = await predict({ entries: [{ key }, { key, features: { fee: 'x' } }] });
    expect(wrong.body.error.places.map(({ at }) => at)).toEqual(['entries.1.features.fee']);
  });

  it('do not replace the online row of an entity that has none', async () => {
    const { status, body } = await predict({
      entries: [{ key }, { key: { user_id: 'x' }, features: { fee: 1 } }],
    });
    expect([status, body.error.code]).toEqual([404, 'UNKNOWN_ENTITY']);
    expect(body.error.places.map(({ at }) => at)).toEqual(['entries.1.key']);
  });
});

describe('the row time of features without a key', () => {
  const features = { fee: 1, hours: 1, since: '2024-01-01' };

  it('is a day or an instant with its offset', async () => {
    expect(await first({ features, as_of: '2024-01-03' })).toMatchObject({ features_used: { tenure: 2 } });
    const { status, body } = await predict({ features, as_of: '2024-01-03T00:00:00' });
    expect([status, body.error.places[0]?.at]).toEqual([400, 'as_of']);
  });

  it('is `as_of` if the request has it', async () => {
    expect(await first({ features, as_of: '2024-01-11T00:00:00Z' })).toMatchObject({
      score: sigmoid(11),
      features_used: { tenure: 10 },
      as_of: '2024-01-11T00:00:00.000Z',
    });
  });

  it('is now if the request has no `as_of`', async () => {
    const before = Date.now();
    const prediction = await first({ features });
    const tenure = Math.round(Number(prediction?.features_used?.['tenure']) * 86_400_000);
    const since = Date.parse('2024-01-01');
    expect(tenure).toBeGreaterThanOrEqual(before - since);
    expect(tenure).toBeLessThanOrEqual(Date.now() - since);
  });

  it.each([{ key }, { keys: [key] }, { entries: [{ features }, { key }] }])(
    'is refused in %j',
    async (form) => {
      const { status, body } = await predict({ ...form, as_of: '2024-01-11T00:00:00Z' });
      expect([status, body.error.places[0]?.at]).toEqual([400, 'as_of']);
    },
  );
});

it('logs all scored features, including derived ones', async () => {
  const other = await startTestApi(fixture.database, 'derived-log');
  await other.send('POST', '/models/churn/predict', { key, features: { fee: 40 } });
  await other.close();
  const { features } = await fixture.database.kysely
    .selectFrom('tidegate.prediction')
    .select('features')
    .where('instance', '=', 'derived-log')
    .executeTakeFirstOrThrow();
  expect(features).toEqual({
    fee: 40, plan: 'basic', paid: 'true', per_hour: 4, tenure: 1, no_hours: 'false', plan_paid: 'basic & true',
  }); // prettier-ignore
});

it('describes each derived feature by its formula, and lists inputs that may be sent in addition to features', async () => {
  const { body } = await api.send('GET', '/models/churn');
  expect(body.features).toContainEqual({ name: 'per_hour', type: 'numeric', formula: 'fee / hours' });
  expect(body.features).toContainEqual({ name: 'fee', type: 'numeric' });
  expect(body.inputs).toEqual([
    { name: 'hours', type: 'numeric' },
    { name: 'since', type: 'instant' },
  ]);
});
