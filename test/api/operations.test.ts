// Routes that start runs: who may use them, what they refuse, and what they answer if Temporal is away.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeKey, ModelFixture, startTestApi, type TestApi } from './fixture.ts';

let fixture: ModelFixture;
let api: TestApi;
const keys: Record<string, string> = {};

beforeAll(async () => {
  fixture = await ModelFixture.create();
  api = await startTestApi(fixture.database, 'operations');
  for (const role of ['viewer', 'trainer', 'operator', 'approver'] as const)
    keys[role] = await makeKey(fixture.database, `a ${role}`, [role]);
});
afterAll(async () => {
  await api.close();
  await fixture.drop();
});

const routes: [path: string, role: string, body: object][] = [
  ['monitor', 'trainer', { asOf: '2024-01-31T00:00:00.000Z' }],
  ['retrain', 'trainer', {}],
  ['materialize', 'trainer', { asOf: '2024-01-31T00:00:00.000Z' }],
  ['rollback', 'operator', { reason: 'complaints' }],
  ['retire', 'operator', {}],
];

describe.each(routes)('POST /models/churn/%s', (path, role, body) => {
  const send = (key: string, more: object = {}) =>
    api.send('POST', `/models/churn/${path}`, { ...body, ...more }, key);

  it(`is for the role ${role} only`, async () => {
    for (const other of ['viewer', 'approver', role === 'trainer' ? 'operator' : 'trainer']) {
      const { status, body: answer } = await send(keys[other]!);
      expect([other, status, answer.error.code]).toEqual([other, 403, 'FORBIDDEN']);
    }
  });

  it('says that there is no Temporal, if there is none', async () => {
    const { status, body: answer } = await send(keys[role]!);
    expect([status, answer.error.code]).toEqual([503, 'TEMPORAL_UNREACHABLE']);
  });

  it('refuses a request in the name of somebody else, and unknown fields', async () => {
    const claimed = await send(keys[role]!, { requestedBy: 'grace' });
    expect([claimed.status, claimed.body.error.places[0]?.at]).toEqual([400, 'requestedBy']);
    const own = await send(keys[role]!, { requestedBy: `a ${role}` });
    expect([own.status, own.body.error.message]).toEqual([
      400,
      'requestedBy is only for an API with TIDEGATE_AUTH=off',
    ]);
    const unknown = await send(keys[role]!, { force: true });
    expect([unknown.status, unknown.body.error.places[0]]).toEqual([
      400,
      { at: 'force', problem: 'is not a field of this request' },
    ]);
  });

  it('needs a key', async () => {
    const { statusCode, json } = await api.app.inject({
      method: 'POST',
      url: `/models/churn/${path}`,
      payload: body,
    });
    expect([statusCode, json<{ error: { code: string } }>().error.code]).toEqual([401, 'UNAUTHENTICATED']);
  });
});

describe('a definition that is applied', () => {
  const apply = (definition: unknown, key = keys['trainer']) =>
    api.send('POST', '/models', { definition }, key);

  it('is checked, and each place that is wrong is named', async () => {
    const { status, body } = await apply({ name: 'churn' });
    expect([status, body.error.code]).toEqual([400, 'INVALID_DEFINITION']);
    expect(body.error.places.map(({ at }) => at)).toContain('features');
  });

  it('needs the role for its own model', async () => {
    const limited = await makeKey(fixture.database, 'one model', ['trainer'], { models: ['other'] });
    const { definition } = (await fixture.database.kysely
      .selectFrom('tidegate.definition')
      .select('body as definition')
      .executeTakeFirst())!;
    expect((await apply(definition, limited)).body.error.code).toBe('FORBIDDEN');
    expect((await apply(definition)).body.error.code).toBe('TEMPORAL_UNREACHABLE');
  });
});

it('an instant in the future is refused unless it is meant', async () => {
  const asOf = '2999-01-01T00:00:00.000Z';
  for (const path of ['retrain', 'materialize']) {
    const { body } = await api.send('POST', `/models/churn/${path}`, { asOf }, keys['trainer']);
    expect([path, body.error.code]).toEqual([path, 'FUTURE_INSTANT']);
    const meant = await api.send('POST', `/models/churn/${path}`, { asOf, future: true }, keys['trainer']);
    expect([path, meant.body.error.code]).toEqual([path, 'TEMPORAL_UNREACHABLE']);
  }
});

it('a rollback needs a reason, and a range of a materialization both of its ends', async () => {
  const blank = await api.send('POST', '/models/churn/rollback', { reason: ' ' }, keys['operator']);
  expect(blank.body.error.places[0]).toEqual({ at: 'reason', problem: 'must not be blank' });
  const from = '2024-01-01T00:00:00.000Z';
  const open = await api.send('POST', '/models/churn/materialize', { from }, keys['trainer']);
  expect(open.body.error.places[0]).toEqual({ at: 'from', problem: 'from and to must be given together' });
});

it('a run to follow must be named', async () => {
  const { status, body } = await api.send('GET', '/models/churn/follow?run=retrain');
  expect([status, body.error.message]).toEqual([400, 'retrainId: must be given to follow a retrain']);
  expect((await api.send('GET', '/models/none/follow?run=monitor')).body.error.code).toBe('UNKNOWN_MODEL');
});
