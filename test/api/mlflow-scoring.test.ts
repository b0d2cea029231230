// MLflow's scoring protocol, with bodies as its client sent them (mlflow 3.17.2).
import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type InvocationAnswer } from '../../api/schemas/mlflow.ts';
import { authorization, makeKey, ModelFixture, sigmoid, startTestApi, type TestApi } from './fixture.ts';

let fixture: ModelFixture;
let api: TestApi;

beforeAll(async () => {
  fixture = await ModelFixture.create();
  await fixture.release(0);
  await fixture.addOnlineRow('7', { hours: 20, tickets: 1, plan: 'basic', paid: 'true' });
  api = await startTestApi(fixture.database);
});

afterAll(async () => {
  await api.close();
  await fixture.drop();
});

afterEach(() => vi.restoreAllMocks());

const path = '/models/churn/invocations';

async function score(
  payload: object | string | Buffer,
  headers: Readonly<Record<string, string>> = {},
  url = path,
) {
  const response = await api.app.inject({
    method: 'POST',
    url,
    headers: { ...authorization(api.key), 'content-type': 'application/json', ...headers },
    payload: Buffer.isBuffer(payload) || typeof payload === 'string' ? payload : JSON.stringify(payload),
  });
  return {
    status: response.statusCode,
    headers: response.headers,
    body: response.json<InvocationAnswer & Record<string, unknown>>(),
  };
}

/** `ScoringServerClient.invoke(DataFrame({hours: [1.5, NaN], tickets: [1, 2], plan: ['plus', None], paid: [True, False]}))`. */
const fromClient =
  '{"dataframe_split": {"index": [0, 1], "columns": ["hours", "tickets", "plan", "paid"], "data": [[1.5, 1, "plus", true], [NaN, 2, NaN, false]]}}';

const expected = {
  predictions: [
    { label: 1, probability: sigmoid(1.15) },
    { label: 1, probability: 0.5 },
  ],
  model: 'churn',
  version: 1,
  threshold: 0.5,
  prediction_ids: [expect.any(String), expect.any(String)] as string[],
};

describe('rows by their features', () => {
  it('as the client of MLflow sends them get a label and a probability', async () => {
    const { status, body, headers } = await score(fromClient);
    expect([status, body, headers['x-tidegate-model-version']]).toEqual([200, expected, '1']);
  });

  it.each([
    ['JSON with a charset', fromClient, 'application/json; charset=utf-8'],
    ['CSV', 'hours,tickets,plan,paid\n1.5,1,plus,True\n,2,,False\n', 'text/csv'],
    ['CSV with a charset', '\ufeffpaid,plan,tickets,hours\n1,plus,1,1.5\n0,,2,\n', 'text/csv;charset=UTF-8'],
  ])('as %s get the same answer', async (_, payload, type) => {
    expect((await score(payload, { 'content-type': type })).body).toEqual(expected);
  });

  it('as Parquet get the same answer, and bytes that are no Parquet are refused', async () => {
    const parquet = parquetWriteBuffer({
      columnData: [
        { name: 'plan', data: ['plus', null], type: 'STRING', nullable: true },
        { name: 'hours', data: [1.5, null], type: 'DOUBLE', nullable: true },
        { name: 'tickets', data: [1n, 2n], type: 'INT64' },
        { name: 'paid', data: [true, false], type: 'BOOLEAN' },
        { name: '__index_level_0__', data: [7n, 8n], type: 'INT64' },
      ],
    });
    const type = { 'content-type': 'application/vnd.apache.parquet' };
    expect((await score(Buffer.from(parquet), type)).body).toEqual(expected);
    const { status, body } = await score('PAR1 and more', type);
    expect([status, body['error_code'], body['message']]).toEqual([
      400,
      'BAD_REQUEST',
      expect.stringContaining('is not Parquet that can be read'),
    ]);
  });

  it('compressed, and at the other addresses, get the same answer', async () => {
    const packed = await score(gzipSync(fromClient), { 'content-encoding': 'gzip' });
    const alone = await score(fromClient, {}, '/invocations');
    const deployed = await score(fromClient, {}, '/endpoints/churn/invocations');
    expect([packed.body, alone.body, deployed.body]).toEqual([expected, expected, expected]);
  });

  it('get the scores of the native route, and are logged as there', async () => {
    const features = { hours: 3.25, tickets: 0, plan: 'plus', paid: null };
    const native = await api.send('POST', '/models/churn/predict', { features });
    const foreign = await score({ dataframe_records: [features, features] });
    const [one, two] = foreign.body.predictions;
    expect([one?.probability, two?.probability]).toEqual(
      new Array(2).fill(native.body.predictions[0]?.score),
    );
  });
});

describe('rows by the keys of their entities', () => {
  it('are looked up, and columns that are sent replace the stored ones', async () => {
    const { body } = await score({ dataframe_split: { columns: ['user_id'], data: [['7'], [7]] } });
    expect(body.predictions.map(({ probability }) => probability)).toEqual([sigmoid(2), sigmoid(2)]);
    const csv = await score('user_id,hours,paid\n7,10,0\n', { 'content-type': 'text/csv' });
    expect(csv.body.predictions[0]?.probability).toBe(sigmoid(1));
  });

  it('that have no stored values are refused', async () => {
    const { status, body } = await score({ inputs: { user_id: ['7', '8'] } });
    expect([status, body['code'], body['error_code']]).toEqual([
      404,
      'UNKNOWN_ENTITY',
      'RESOURCE_DOES_NOT_EXIST',
    ]);
  });
});

describe('a request that cannot be scored', () => {
  it.each([
    ['no form', {}, {}, 400, 'BAD_REQUEST', 'exactly one of dataframe_split'],
    ['a list', [1], {}, 400, 'BAD_REQUEST', 'the body is a list'],
    ['half a body', '{"inputs":', {}, 400, 'BAD_REQUEST', 'not valid JSON'],
    ['nothing', '', {}, 400, 'BAD_REQUEST', 'empty'],
    [
      'no column',
      { inputs: { hours: [1] } },
      {},
      400,
      'BAD_REQUEST',
      'tickets: the rows do not have this column',
    ],
    [
      'a wrong value',
      { dataframe_records: [{ hours: 'many', tickets: 1, plan: 'a', paid: 1 }] },
      {},
      400,
      'BAD_REQUEST',
      'hours.0: expected a number or null, got the text "many"',
    ],
    ['a key of no type', { inputs: { user_id: [1.5] } }, {}, 400, 'BAD_REQUEST', 'user_id.0: must be a text'],
    [
      'an odd row time',
      { instances: [], params: { as_of: 'now' } },
      {},
      400,
      'BAD_REQUEST',
      'as_of must be a day',
    ],
    [
      'a row time with a key',
      { inputs: { user_id: ['7'] }, params: { as_of: '2024-01-01' } },
      {},
      400,
      'BAD_REQUEST',
      'an online row has its own time',
    ],
    ['text', 'x', { 'content-type': 'text/plain' }, 415, 'BAD_REQUEST', 'text/plain'],
    [
      'Latin-1',
      '{}',
      { 'content-type': 'text/csv; charset=latin1' },
      415,
      'BAD_REQUEST',
      'character set latin1',
    ],
    [
      'CSV without a header',
      '1\n',
      { 'content-type': 'text/csv; header=absent' },
      415,
      'BAD_REQUEST',
      'header=absent',
    ],
    ['an unknown encoding', '{}', { 'content-encoding': 'zstd' }, 415, 'BAD_REQUEST', 'zstd'],
  ] as const)(
    'because it is %s is answered in the shape of MLflow',
    async (_, payload, headers, status, code, words) => {
      const { status: answered, body, headers: sent } = await score(payload, headers);
      expect([answered, body['error_code'], sent['content-type']]).toEqual([
        status,
        code,
        'application/json',
      ]);
      expect(body['message']).toContain(words);
    },
  );

  it('for a model that does not exist, or without a key, too', async () => {
    const unknown = await score(fromClient, {}, '/models/nobody/invocations');
    expect([unknown.status, unknown.body['error_code']]).toEqual([404, 'RESOURCE_DOES_NOT_EXIST']);
    const anonymous = await score(fromClient, { authorization: '' });
    expect([anonymous.status, anonymous.body['error_code']]).toEqual([401, 'UNAUTHENTICATED']);
    const viewer = await makeKey(fixture.database, 'viewer of mlflow', ['viewer']);
    const forbidden = await score(fromClient, authorization(viewer));
    expect([forbidden.status, forbidden.body['error_code']]).toEqual([403, 'PERMISSION_DENIED']);
    const wrongMethod = await api.app.inject({ method: 'PUT', url: path, headers: authorization(api.key) });
    expect([wrongMethod.statusCode, wrongMethod.json<{ error_code: string }>().error_code]).toEqual([
      405,
      'BAD_REQUEST',
    ]);
  });
});

describe('/invocations', () => {
  it('answers for the only model that the key may ask', async () => {
    const model = api.serving.models.get('churn')!;
    vi.spyOn(api.serving.models, 'list').mockReturnValue([model, { ...model, model: 'upsell' }]);
    const unclear = await score(fromClient, {}, '/invocations');
    expect([unclear.status, unclear.body['message']]).toEqual([
      400,
      '/invocations does not say which of the 2 models is meant',
    ]);
    expect(unclear.body['remedy']).toContain('TIDEGATE_INVOCATIONS_MODEL');
    const key = await makeKey(fixture.database, 'caller of one model', ['predictor'], { models: ['churn'] });
    expect((await score(fromClient, authorization(key), '/invocations')).body).toEqual(expected);
    vi.spyOn(api.serving.models, 'list').mockReturnValue([]);
    expect((await score(fromClient, {}, '/invocations')).body['code']).toBe('NO_PRODUCTION_VERSION');
  });
});

describe('the health of the server', () => {
  it('is as MLflow reports it, without a key', async () => {
    const answers = async () =>
      (await Promise.all(['/ping', '/health', '/version'].map((url) => api.app.inject(url)))).map(
        ({ statusCode }) => statusCode,
      );
    expect(await answers()).toEqual([200, 200, 200]);
    vi.spyOn(api.serving.models, 'list').mockReturnValue([]);
    expect(await answers()).toEqual([404, 404, 200]);
  });
});
