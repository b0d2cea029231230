// A model whose entity is an event has no online rows: predictions by features work, look-ups are refused.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { definition, ModelFixture, sigmoid, startTestApi, type TestApi } from './fixture.ts';

let fixture: ModelFixture;
let api: TestApi;

beforeAll(async () => {
  fixture = await ModelFixture.create();
  await fixture.addDefinition(2, { ...definition, online: 'off' });
  await fixture.promote(await fixture.register(0, 2), null);
  api = await startTestApi(fixture.database);
});
afterAll(async () => {
  await api.close();
  await fixture.drop();
});

it('scores features, and refuses look-ups with ONLINE_OFF', async () => {
  const predict = (payload: object) => api.send('POST', '/models/churn/predict', payload);
  const byFeatures = await predict({ features: { hours: 10 } });
  expect([byFeatures.status, byFeatures.body.predictions[0]?.score]).toEqual([200, sigmoid(1)]);
  const key = { user_id: 'u1' };
  const lookUps = [
    await predict({ key }),
    await predict({ keys: [key] }),
    await predict({ entries: [{ features: { hours: 1 } }, { key, features: { hours: 1 } }] }),
    await api.send('POST', '/models/churn/explain', { key }),
    await api.send('POST', '/features/online', { feature_service: 'churn', entities: { user_id: ['u1'] } }),
    await api.send('POST', '/features/online', { features: ['usage:hours'], entities: { user_id: ['u1'] } }),
  ];
  for (const { status, body } of lookUps) {
    expect({ status, body }).toMatchObject({
      status: 409,
      body: { error: { code: 'ONLINE_OFF', remedy: expect.stringContaining('Send the features') as string } },
    });
  }
});
