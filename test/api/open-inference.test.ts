// The routes of the Open Inference protocol. What requests may contain is tested in test/unit/api/inference-requests.test.ts.
import { deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authorization, makeKey, ModelFixture, sigmoid, startTestApi, type TestApi } from './fixture.ts';

let fixture: ModelFixture;
let api: TestApi;

beforeAll(async () => {
  fixture = await ModelFixture.create();
  await fixture.release(0);
  await fixture.release(1, 1);
  await fixture.stage(await fixture.register(-1));
  await fixture.addOnlineRow('7', { hours: 20, tickets: 1, plan: 'basic', paid: 'true' });
  api = await startTestApi(fixture.database);
});

afterAll(async () => {
  await api.close();
  await fixture.drop();
});

const columns = [
  { name: 'hours', shape: [2], datatype: 'FP64', data: [1.5, null] },
  { name: 'tickets', shape: [2], datatype: 'INT64', data: [1, 2] },
  { name: 'plan', shape: [2], datatype: 'BYTES', data: ['plus', 'basic'] },
  { name: 'paid', shape: [2], datatype: 'BOOL', data: [true, false] },
];

interface Inference {
  readonly error: string;
  readonly code: string;
  readonly model_version: string;
  readonly outputs: readonly { readonly name: string; readonly data: readonly number[] }[];
}

async function infer(
  payload: object | Buffer,
  headers: Readonly<Record<string, string>> = { 'content-type': 'application/json' },
  of = '/v2/models/churn',
) {
  const response = await api.app.inject({
    method: 'POST',
    url: `${of}/infer`,
    headers: { ...authorization(api.key), ...headers },
    payload: Buffer.isBuffer(payload) ? payload : Buffer.from(JSON.stringify(payload)),
  });
  return response;
}

const get = async (url: string, key = api.key) => {
  const response = await api.app.inject({ url, headers: authorization(key) });
  return [response.statusCode, response.json<unknown>()];
};

const probabilities = (response: Awaited<ReturnType<typeof infer>>) =>
  response.json<Inference>().outputs.find(({ name }) => name === 'probability')?.data;
const expected = [sigmoid(1 + 1.15), sigmoid(1)];

describe('an inference request', () => {
  it('is answered with the scores of the native route', async () => {
    const response = await infer({ id: 'x', inputs: columns });
    expect(response.json()).toEqual({
      model_name: 'churn',
      model_version: '2',
      id: 'x',
      parameters: { threshold: 0.5 },
      outputs: [
        { name: 'probability', shape: [2], datatype: 'FP64', data: expected },
        { name: 'label', shape: [2], datatype: 'INT64', data: [1, 1] },
      ],
    });
    const native = await api.send('POST', '/models/churn/predict', {
      features: { hours: 1.5, tickets: 1, plan: 'plus', paid: true },
    });
    expect(native.body.predictions[0]?.score).toBe(expected[0]);
  });

  it('may be binary, without a content type, and compressed as the client of Triton does it', async () => {
    const header = Buffer.from(
      JSON.stringify({
        parameters: { binary_data_output: true },
        inputs: [
          { name: 'hours', shape: [2], datatype: 'FP64', parameters: { binary_data_size: 16 } },
          ...columns.slice(1),
        ],
      }),
    );
    const body = Buffer.concat([header, Buffer.from(Float64Array.of(1.5, NaN).buffer)]);
    const length = { 'inference-header-content-length': String(header.length) };
    const answers = await Promise.all([
      infer(body, length),
      infer(body, { ...length, 'content-type': 'application/octet-stream' }),
      infer(gzipSync(body), { ...length, 'content-encoding': 'gzip' }),
      infer(deflateSync(body), { ...length, 'content-encoding': 'deflate' }),
    ]);
    for (const { statusCode, headers, rawPayload } of answers) {
      expect([statusCode, headers['content-type']]).toEqual([200, 'application/octet-stream']);
      const tensors = rawPayload.subarray(Number(headers['inference-header-content-length']));
      expect([tensors.readDoubleLE(0), tensors.readDoubleLE(8)]).toEqual(expected);
      expect(tensors.readBigInt64LE(16)).toBe(1n);
    }
  });

  it('looks up entities if it has their keys', async () => {
    const inputs = [{ name: 'user_id', shape: [1, 1], datatype: 'BYTES', data: [['7']] }];
    expect(probabilities(await infer({ inputs }))).toEqual([sigmoid(3)]);
  });

  it.each([
    ['a body that is no JSON', Buffer.from('{'), {}, 400, 'not valid JSON'],
    ['nothing', Buffer.alloc(0), {}, 400, 'empty'],
    ['a missing column', { inputs: columns.slice(1) }, {}, 400, 'hours: the rows do not have this column'],
    [
      'a value of another type',
      { inputs: [{ ...columns[0], data: ['a', 1] }, ...columns.slice(1)] },
      {},
      400,
      'hours.0: expected a number',
    ],
    ['text', Buffer.from('x'), { 'content-type': 'text/plain' }, 415, 'text/plain'],
    ['Latin-1', Buffer.from('{}'), { 'content-type': 'application/json; charset=latin1' }, 415, 'latin1'],
  ] as const)('with %s is refused with the text of an error', async (_, payload, headers, status, words) => {
    const response = await infer(payload, headers);
    expect([response.statusCode, response.headers['content-type']]).toEqual([status, 'application/json']);
    expect(response.json<Inference>().error).toContain(words);
  });
});

describe('a version', () => {
  it('may be named if it is or was in Production', async () => {
    const current = await infer({ inputs: columns }, {}, '/v2/models/churn/versions/2');
    const former = await infer({ inputs: columns }, {}, '/v2/models/churn/versions/1');
    expect([current, former].map((response) => response.json<Inference>().model_version)).toEqual(['2', '1']);
    expect(probabilities(former)).toEqual([sigmoid(1.15), 0.5]);
  });

  it('that waits for a decision answers only trainers and approvers', async () => {
    const of = '/v2/models/churn/versions/3';
    const caller = await makeKey(fixture.database, 'caller', ['predictor']);
    const refused = await infer({ inputs: columns }, authorization(caller), of);
    expect([refused.statusCode, refused.json<Inference>().code]).toEqual([403, 'FORBIDDEN']);
    expect(await get(`${of}/ready`, caller)).toMatchObject([403, {}]);
    const approver = await makeKey(fixture.database, 'approver', ['predictor', 'approver']);
    const answered = await infer({ inputs: columns }, authorization(approver), of);
    expect(probabilities(answered)).toEqual([sigmoid(0.15), sigmoid(-1)]);
  });

  it('that does not exist is unknown, and a model too', async () => {
    const missing = await infer({ inputs: columns }, {}, '/v2/models/churn/versions/9');
    expect([missing.statusCode, missing.json<Inference>().code]).toEqual([404, 'UNKNOWN_VERSION']);
    const odd = await infer({ inputs: columns }, {}, '/v2/models/churn/versions/latest');
    expect([odd.statusCode, odd.json<Inference>().code]).toEqual([400, 'INVALID_REQUEST']);
    expect(await get('/v2/models/nobody')).toMatchObject([404, { code: 'UNKNOWN_MODEL' }]);
    expect(await get('/v2/nothing')).toMatchObject([404, { error: 'there is no route GET /v2/nothing' }]);
  });

  it('of a model that is stopped does not answer', async () => {
    await api.send('POST', '/models/churn/stop', { reason: 'a test' });
    const answers = await Promise.all([
      infer({ inputs: columns }),
      infer({ inputs: columns }, {}, '/v2/models/churn/versions/1'),
    ]);
    expect(answers.map((response) => response.json<Inference>().code)).toEqual([
      'MODEL_STOPPED',
      'MODEL_STOPPED',
    ]);
    await api.send('POST', '/models/churn/start', { reason: 'a test' });
    expect((await infer({ inputs: columns })).statusCode).toBe(200);
  });
});

it('the metadata names the tensors that a client sends and gets', async () => {
  expect(await get('/v2/models/churn')).toEqual([
    200,
    {
      name: 'churn',
      versions: ['2'],
      platform: 'tidegate',
      inputs: columns.map(({ name, datatype }) => ({ name, datatype, shape: [-1] })),
      outputs: [
        { name: 'probability', datatype: 'FP64', shape: [-1] },
        { name: 'label', datatype: 'INT64', shape: [-1] },
        { name: 'prediction_id', datatype: 'BYTES', shape: [-1] },
      ],
    },
  ]);
  expect(await get('/v2/models/churn/versions/1')).toMatchObject([200, { versions: ['1'] }]);
  expect(await get('/v2/models/churn/ready')).toEqual([200, { name: 'churn', ready: true }]);
  expect(await get('/v2')).toMatchObject([200, { name: 'tidegate', extensions: ['binary_tensor_data'] }]);
});

it('the health routes need no key', async () => {
  const answers = await Promise.all(
    ['/v2/health/live', '/v2/health/ready'].map((url) => api.app.inject(url)),
  );
  expect(answers.map((answer): unknown => answer.json())).toEqual([{ live: true }, { ready: true }]);
});
