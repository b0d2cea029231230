import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errorKinds, type ErrorCode } from '../../domain/errors.ts';
import { type Database, openDatabase } from '../../store/postgres/database.ts';
import { authorization, ModelFixture, startTestApi, type TestApi } from './fixture.ts';
import { openSeverableProxy } from './severable-proxy.ts';

let fixture: ModelFixture;
let api: TestApi;

beforeAll(async () => {
  fixture = await ModelFixture.create();
  api = await startTestApi(fixture.database);
});

afterAll(async () => {
  await api.close();
  await fixture.drop();
});

const json = { 'content-type': 'application/json' };
const predict = '/models/churn/predict';

it.each([
  [
    'an unknown path',
    { method: 'GET', url: '/nothing?x=1' },
    'UNKNOWN_ROUTE',
    'there is no route GET /nothing',
  ],
  [
    'another method',
    { method: 'DELETE', url: '/models' },
    'METHOD_NOT_ALLOWED',
    '/models does not take DELETE, only GET, HEAD, OPTIONS',
  ],
  ['a path that cannot be decoded', { method: 'GET', url: '/models/%E0%A4%A' }, 'UNKNOWN_ROUTE', '%E0%A4%A'],
  ['a name of 200 letters', { method: 'GET', url: `/models/${'x'.repeat(200)}` }, 'UNKNOWN_ROUTE', 'xxx'],
  ['no body', { method: 'POST', url: predict }, 'INVALID_REQUEST', 'the body'],
  ['an empty body', { method: 'POST', url: predict, headers: json, payload: '' }, 'INVALID_REQUEST', 'empty'],
  [
    'broken JSON',
    { method: 'POST', url: predict, headers: json, payload: '{"key":' },
    'INVALID_REQUEST',
    'JSON',
  ],
  [
    'a list',
    { method: 'POST', url: predict, headers: json, payload: '[1]' },
    'INVALID_REQUEST',
    'expected object',
  ],
  [
    'an attempt to set a prototype',
    { method: 'POST', url: predict, headers: json, payload: '{"features":{"__proto__":{"hours":1}}}' },
    'INVALID_REQUEST',
    '',
  ],
  [
    'CSV',
    { method: 'POST', url: predict, headers: { 'content-type': 'text/csv' }, payload: 'hours\n1' },
    'UNSUPPORTED_MEDIA_TYPE',
    'text/csv',
  ],
  [
    'JSON with the content type text/plain',
    { method: 'POST', url: predict, headers: { 'content-type': 'text/plain' }, payload: '{"features":{}}' },
    'UNSUPPORTED_MEDIA_TYPE',
    'text/plain',
  ],
  ['a name that cannot be stored', { method: 'GET', url: '/models/a%00b' }, 'INVALID_REQUEST', 'NUL'],
  [
    'a body of 5 MB',
    { method: 'POST', url: predict, headers: json, payload: `"${'x'.repeat(5_000_000)}"` },
    'BODY_TOO_LARGE',
    'too large',
  ],
] as const)('%s is answered with an error of the usual shape', async (_, request, code, words) => {
  const response = await api.app.inject({
    ...request,
    headers: { ...authorization(api.key), ...('headers' in request ? request.headers : {}) },
  });
  const { error } = response.json<{ error: Record<string, string> }>();
  expect([response.statusCode, error['code']]).toEqual([errorKinds[code satisfies ErrorCode].status, code]);
  expect(error['message']).toContain(words);
  expect(error['remedy']).not.toBe('');
  expect(error['requestId']).toBe(response.headers['x-request-id']);
  expect(response.headers['content-type']).toBe('application/problem+json; charset=utf-8');
  expect(response.json()).toMatchObject({ status: response.statusCode, code, detail: error['message'] });
});

describe('an internal error', () => {
  it('is answered without its message, which may name tables or hosts', async () => {
    const broken = Object.assign(new Error('relation "secret" does not exist'), { code: '42P01' });
    api.gate.answer = () => {
      throw broken;
    };
    const version = await fixture.register(0);
    const body = { version, evidenceDigest: 'a'.repeat(64), decision: 'approve' };
    const answer = await api.send('POST', '/models/churn/decisions', body);
    expect([answer.status, answer.body.error.code]).toEqual([500, 'INTERNAL']);
    expect(JSON.stringify(answer.body)).not.toContain('secret');
  });
});

describe('while Postgres cannot be reached', () => {
  let behindProxy: Database;
  let cutOff: TestApi;

  beforeAll(async () => {
    await fixture.release(1);
    const proxy = await openSeverableProxy(fixture.database.url);
    behindProxy = openDatabase(proxy.url);
    cutOff = await startTestApi(behindProxy, 'cut-off');
    await proxy.cut();
  });

  afterAll(async () => {
    await cutOff.close();
    await behindProxy.close();
  });

  it('the process is healthy but reports that it is not ready', async () => {
    const [health, ready] = [await cutOff.send('GET', '/healthz'), await cutOff.send('GET', '/readyz')];
    expect([health.status, health.body]).toEqual([200, { status: 'ok' }]);
    expect([ready.status, ready.body.error.code]).toEqual([503, 'NOT_READY']);
    expect(ready.body.error.places[0]?.at).toBe('database');
  });

  it('features are still scored by the version in memory', async () => {
    const { status, body } = await cutOff.send('POST', predict, { features: { hours: 0 } });
    expect([status, body.version]).toEqual([200, 2]);
  });

  it('a look-up is answered with 503', async () => {
    const { status, body, headers } = await cutOff.send('POST', predict, { key: { user_id: 'u1' } });
    expect([status, body.error.code, headers['retry-after']]).toEqual([503, 'DATABASE_UNREACHABLE', '1']);
  });
});
