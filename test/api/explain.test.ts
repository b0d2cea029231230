// Explanations of scores by the API: contributions add up, and the answer names the version.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ExplainAnswer } from '../../api/schemas/explanation.ts';
import { artifact, ModelFixture, sigmoid, startTestApi, type TestApi } from './fixture.ts';

let fixture: ModelFixture;
let api: TestApi;

beforeAll(async () => {
  fixture = await ModelFixture.create();
  const learnt = {
    ...artifact(-1),
    effects: [
      { feature: 'hours', center: 0.5, spread: 1 },
      { feature: 'plan', center: 0.25, spread: 1 },
    ],
  };
  const version = await fixture.register(-1, 1, learnt);
  await fixture.promote(version, null);
  await fixture.addOnlineRow('ada', { hours: 20, tickets: 1, plan: 'plus', paid: 'true' });
  api = await startTestApi(fixture.database);
});
afterAll(async () => {
  await api.close();
  await fixture.drop();
});

const explain = async (body: object) => {
  const answer = await api.send('POST', '/models/churn/explain', body);
  return { ...answer, body: answer.body as unknown as ExplainAnswer };
};

it('explains the score of an entity: base and contributions add up to its log-odds', async () => {
  const { status, headers, body } = await explain({ key: { user_id: 'ada' } });
  expect(status).toBe(200);
  expect(headers['x-tidegate-model-version']).toBe('1');
  expect(body).toEqual({
    model: 'churn',
    version: 1,
    key: { user_id: 'ada' },
    as_of: '2024-02-01T00:00:00.000Z',
    score: sigmoid(2),
    base: -0.25,
    contributions: [
      { feature: 'hours', value: 20, log_odds: 1.5 },
      { feature: 'plan', value: 'plus', log_odds: 0.75 },
    ],
  });
  const sum = body.contributions.reduce((total, { log_odds: logOdds }) => total + logOdds, body.base);
  expect(sigmoid(sum)).toBeCloseTo(body.score, 12);
});

it('explains features of the request, on their own or instead of the stored ones', async () => {
  const alone = await explain({ features: { hours: 0, plan: 'basic' } });
  expect(alone.body.score).toBeCloseTo(sigmoid(-1), 12);
  expect(alone.body.contributions.map(({ log_odds: logOdds }) => logOdds)).toEqual([-0.5, -0.25]);
  const both = await explain({ key: { user_id: 'ada' }, features: { hours: 0 } });
  expect(both.body.contributions.find(({ feature }) => feature === 'hours')).toMatchObject({
    value: 0,
    log_odds: -0.5,
  });
});

it('explains the same score that predict returns for the entity', async () => {
  const { body } = await api.send('POST', '/models/churn/predict', { key: { user_id: 'ada' } });
  expect((await explain({ key: { user_id: 'ada' } })).body.score).toBe(body.predictions[0]?.score);
});

it.each([
  [{}, 400, 'INVALID_REQUEST'],
  [{ keys: [{ user_id: 'ada' }] }, 400, 'INVALID_REQUEST'],
  [{ key: { user_id: 'ada' }, as_of: '2024-01-01' }, 400, 'INVALID_REQUEST'],
  [{ key: { user_id: 'nobody' } }, 404, 'UNKNOWN_ENTITY'],
  [{ features: { gone: 1 } }, 400, 'UNKNOWN_FEATURE'],
  [{ features: { hours: 'many' } }, 400, 'INVALID_FEATURE'],
])('refuses %j', async (body, status, code) => {
  const answer = await api.send('POST', '/models/churn/explain', body);
  expect([answer.status, answer.body.error.code]).toEqual([status, code]);
});

it('refuses an unknown model', async () => {
  const answer = await api.send('POST', '/models/nothing/explain', { features: {} });
  expect(answer.body.error.code).toBe('UNKNOWN_MODEL');
});
