import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authorization, ModelFixture, sigmoid, startTestApi, type TestApi } from './fixture.ts';

let fixture: ModelFixture;
let api: TestApi;

const predict = (payload: object, model = 'churn') => api.send('POST', `/models/${model}/predict`, payload);
const id = expect.stringMatching(/^[0-9a-f-]{36}$/) as string;
const row = { hours: 10, tickets: 2, plan: 'plus', paid: true };

beforeAll(async () => {
  fixture = await ModelFixture.create();
  await fixture.release(0);
  await fixture.addOnlineRow('u1', { hours: 10, tickets: 2, plan: 'plus', paid: 'true' });
  await fixture.addOnlineRow('u2', { hours: null, tickets: 0, plan: 'basic', paid: 'false' });
  api = await startTestApi(fixture.database);
});

afterAll(async () => {
  await api.close();
  await fixture.drop();
});

describe('predict by features', () => {
  it('answers with version, score and decision', async () => {
    const { status, body, headers } = await predict({ features: row });
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        model: 'churn',
        version: 1,
        threshold: 0.5,
        predictions: [{ id, score: sigmoid(2), positive: true, missing: [] }],
      },
    });
    expect(headers['x-tidegate-model-version']).toBe('1');
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
  });

  it.each([
    ['the query', '?explain', {}],
    ['the query with a value', '?explain=true', {}],
    ['the body', '', { explain: true }],
  ])('says what a prediction was made from if %s asks for it', async (_, query, field) => {
    const url = `/models/churn/predict${query}`;
    const { body } = await api.send('POST', url, { features: row, ...field });
    const contributions = [
      { feature: 'hours', log_odds: 1 },
      { feature: 'plan', log_odds: 1 },
    ];
    expect(body.predictions).toEqual([
      {
        id,
        score: sigmoid(2),
        positive: true,
        features_used: row,
        explanation: { base: 0, contributions },
        missing: [],
      },
    ]);
  });

  it('treats an absent or null feature as missing, and lists it', async () => {
    const { body } = await predict({ features: { hours: null, plan: 'basic' } });
    expect(body.predictions).toEqual([
      {
        id,
        score: 0.5,
        positive: true,
        missing: expect.arrayContaining(['hours', 'tickets', 'paid']) as string[],
      },
    ]);
    expect(body.predictions[0]?.missing).toHaveLength(3);
  });

  it('scores an undeclared category as unseen', async () => {
    const { status, body } = await predict({ features: { ...row, plan: 'platinum' } });
    expect([status, body.predictions[0]?.score]).toEqual([200, sigmoid(1)]);
  });

  it('answers many rows in their order', async () => {
    const { body } = await predict({ rows: [{ hours: 0 }, { hours: 10 }, { hours: -10 }] });
    expect(body.predictions.map(({ score }) => score)).toEqual([0.5, sigmoid(1), sigmoid(-1)]);
  });

  it.each([
    ['a text in a number', { hours: '10' }, 'features.hours: expected a number or null, got the text "10"'],
    [
      'a fraction in a count',
      { tickets: 1.5 },
      'features.tickets: expected a whole number from 0 or null, got 1.5',
    ],
    ['a negative count', { tickets: -1 }, 'features.tickets: expected a whole number from 0 or null, got -1'],
    ['a number in a category', { plan: 3 }, 'features.plan: expected a text'],
    [
      'a text in a flag',
      { paid: 'true' },
      'features.paid: expected true or false or null, got the text "true"',
    ],
    ['a list in a number', { hours: [1] }, 'features.hours: expected a number or null, got a list'],
    ['a text that Postgres cannot store', { plan: 'a\0b' }, 'features.plan: expected a text'],
  ])('refuses %s, naming the feature, what it expected and what it got', async (_, features, message) => {
    const { status, body } = await predict({ features });
    expect([status, body.error.code]).toEqual([400, 'INVALID_FEATURE']);
    expect(body.error.message).toContain(message);
  });

  it('refuses a number beyond the range of doubles', async () => {
    const response = await api.app.inject({
      method: 'POST',
      url: '/models/churn/predict',
      headers: { ...authorization(api.key), 'content-type': 'application/json' },
      payload: '{"features":{"hours":1e999}}',
    });
    expect(response.statusCode).toBe(400);
    expect(response.body).toContain('got Infinity');
  });

  it('refuses a feature that the model does not have', async () => {
    const { status, body } = await predict({ rows: [row, { ...row, hour: 1 }] });
    expect([status, body.error.code]).toEqual([400, 'UNKNOWN_FEATURE']);
    expect(body.error.places).toEqual([{ at: 'rows.1.hour', problem: 'the model has no such feature' }]);
  });

  it('lists at most twenty problems of many rows', async () => {
    const { body } = await predict({ rows: Array.from({ length: 30 }, () => ({ hours: 'x' })) });
    expect(body.error.places).toHaveLength(20);
    expect(body.error.message).toContain('and at least 20 more');
  });
});

describe('predict by key', () => {
  it('looks up the entity and returns the as-of instant of its row', async () => {
    const { status, body } = await predict({ key: { user_id: 'u1' } });
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        model: 'churn',
        version: 1,
        threshold: 0.5,
        predictions: [
          {
            id,
            key: { user_id: 'u1' },
            score: sigmoid(2),
            positive: true,
            missing: [],
            as_of: '2024-02-01T00:00:00.000Z',
          },
        ],
      },
    });
  });

  it('answers many keys in their order, one of them twice', async () => {
    const { body } = await predict({ keys: [{ user_id: 'u2' }, { user_id: 'u1' }, { user_id: 'u2' }] });
    const answered = body.predictions;
    expect(answered.map(({ key }) => key?.['user_id'])).toEqual(['u2', 'u1', 'u2']);
    expect(answered.map(({ missing }) => missing)).toEqual([['hours'], [], ['hours']]);
  });

  it('answers 404 for an unknown entity and names its key', async () => {
    const { status, body } = await predict({ key: { user_id: 'nobody' } });
    expect([status, body.error.code]).toEqual([404, 'UNKNOWN_ENTITY']);
    expect(body.error.message).toContain('{"user_id":"nobody"}');
  });

  it('answers either all keys or none, and lists the unknown ones', async () => {
    const { status, body } = await predict({ keys: [{ user_id: 'u1' }, { user_id: 'x' }, { user_id: 'y' }] });
    expect(status).toBe(404);
    expect(body.error.places.map(({ at }) => at)).toEqual(['keys.1', 'keys.2']);
  });

  it.each([
    ['without its column', { user: 'u1' }, ['key.user_id', 'key.user']],
    ['with an extra column', { user_id: 'u1', day: 1 }, ['key.day']],
    ['that is a fraction', { user_id: 1.5 }, ['key.user_id']],
    ['that Postgres cannot store', { user_id: '\0' }, ['key.user_id']],
    ['with half a surrogate pair', { user_id: '\ud800' }, ['key.user_id']],
  ])('refuses a key %s', async (_, key, at) => {
    const { status, body } = await predict({ key });
    expect([status, body.error.code]).toEqual([400, 'INVALID_REQUEST']);
    expect(body.error.places.map(({ at }) => at)).toEqual(at);
  });

  it('answers many concurrent requests, each with its own entity', async () => {
    const users = Array.from({ length: 200 }, (_, index) => (index % 2 === 0 ? 'u1' : 'u2'));
    const answers = await Promise.all(users.map((user_id) => predict({ key: { user_id } })));
    expect(answers.map(({ body }) => body.predictions[0]?.key?.['user_id'])).toEqual(users);
  });
});

describe('the body of predict', () => {
  it.each([
    ['nothing', {}],
    ['two forms together', { rows: [row], features: row }],
    ['both a key and a list of keys', { key: { user_id: 'u1' }, keys: [{ user_id: 'u1' }] }],
  ])('is refused if it contains %s', async (_, payload) => {
    const { status, body } = await predict(payload);
    expect([status, body.error.code]).toEqual([400, 'INVALID_REQUEST']);
    expect(body.error.message).toContain('send key, features or both; or one of keys, rows and entries');
  });

  it('is refused if it has an unknown field, which the error names', async () => {
    const { status, body } = await predict({ features: row, verbose: true });
    expect([status, body.error.code]).toEqual([400, 'INVALID_REQUEST']);
    expect(body.error.places).toEqual([{ at: 'verbose', problem: 'is not a field of this request' }]);
  });

  it.each(['keys', 'rows', 'entries'])(
    'is refused with more than 1,000 %s, and with an empty list',
    async (field) => {
      const tooMany = await predict({ [field]: Array.from({ length: 1_001 }, () => ({})) });
      const none = await predict({ [field]: [] });
      expect([tooMany.status, none.status]).toEqual([400, 400]);
      expect(tooMany.body.error.places[0]?.at).toBe(field);
    },
  );
});

describe('a model that cannot answer', () => {
  it('is refused as unknown if it does not exist', async () => {
    const { status, body } = await predict({ features: {} }, 'nothing');
    expect([status, body.error.code]).toEqual([404, 'UNKNOWN_MODEL']);
    expect(body.error.message).toContain('there are churn');
  });

  it('is refused if it has no version in Production', async () => {
    await fixture.database.pool.query(`
      insert into tidegate.model select 'young', entity_keys, label, holdout from tidegate.model where name = 'churn';
      insert into tidegate.definition (model, version, body, digest, applied_by)
        select 'young', 1, body, digest, 'ada' from tidegate.definition where model = 'churn'`);
    const { status, body } = await predict({ features: {} }, 'young');
    expect([status, body.error.code]).toEqual([409, 'NO_PRODUCTION_VERSION']);
  });
});

it('logs every prediction with the version that made it, including the last ones before it stops', async () => {
  const other = await startTestApi(fixture.database, 'logging-instance');
  const byKey = await other.send('POST', '/models/churn/predict', { key: { user_id: 'u1' } });
  const bodies = [
    { rows: [{ plan: 'plus' }, { hours: 1 }] },
    { features: { plan: 'a\tb\\c\n' }, explain: true },
  ];
  const sent = [];
  for (const body of bodies) sent.push(await other.send('POST', '/models/churn/predict', body));
  await other.close();
  const rows = await fixture.database.kysely
    .selectFrom('tidegate.prediction')
    .selectAll()
    .where('instance', '=', 'logging-instance')
    .orderBy('id')
    .execute();
  expect(rows).toMatchObject([
    {
      model: 'churn',
      version: 1,
      entityKey: ['u1'],
      features: { hours: 10, tickets: 2, plan: 'plus', paid: 'true' },
      score: sigmoid(2),
    },
    { entityKey: null, features: { hours: null, plan: 'plus' }, score: sigmoid(1) },
    { entityKey: null, features: { hours: 1, plan: null }, score: sigmoid(0.1) },
    { entityKey: null, features: { plan: 'a\tb\\c\n' } },
  ]);
  const ids = [byKey, ...sent].flatMap(({ body }) => body.predictions.map((each) => each.id));
  expect(rows.map(({ predictionId }) => predictionId)).toEqual(ids);
  expect(new Set(ids).size).toBe(4);
});
