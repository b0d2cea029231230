// Requests that no client should send, and some that one may: each gets one answer in the one shape.
import { connect, type AddressInfo } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildApp } from '../../api/app.ts';
import { BODY_LIMIT } from '../../api/plugins/json-body.ts';
import { Serving } from '../../api/serving/serving.ts';
import { errorKinds, type ErrorCode, type Place } from '../../domain/errors.ts';
import { eventually } from '../helpers/eventually.ts';
import { FakeGate, ModelFixture, silent, startTestApi, type TestApi } from './fixture.ts';

let fixture: ModelFixture;
let api: TestApi;

beforeAll(async () => {
  fixture = await ModelFixture.create();
  await fixture.release(0);
  await fixture.addOnlineRow('7', { hours: 1 });
  api = await startTestApi(fixture.database);
});

afterAll(async () => {
  await api.close();
  await fixture.drop();
});

const predict = '/models/churn/predict';
const send = (payload: string | Buffer, headers: Readonly<Record<string, string>> = {}, url = predict) =>
  api.app.inject({
    method: 'POST',
    url,
    headers: { 'content-type': 'application/json', ...headers },
    payload,
  });

interface Shown {
  readonly error: { readonly code: ErrorCode; readonly message: string; readonly places?: Place[] };
}

async function refusal(answer: ReturnType<typeof send>): Promise<Shown['error']> {
  const response = await answer;
  const { error } = response.json<Shown>();
  expect(response.statusCode).toBe(errorKinds[error.code].status);
  expect(error.message.length).toBeLessThan(400);
  return error;
}

const category = (plan: string): string => JSON.stringify({ features: { plan } });

describe('the character set of a body', () => {
  it.each([
    'application/json',
    'application/json; charset=utf-8',
    'application/json;charset=UTF-8',
    'Application/JSON ; Charset="utf-8"',
    "application/json; charset='UTF8'; boundary=x",
  ])('%s is read', async (type) => {
    const response = await send(category('né'), { 'content-type': type });
    expect(response.statusCode).toBe(200);
    expect(response.json<{ predictions: object[] }>().predictions[0]).toMatchObject({
      features_used: { plan: 'né' },
    });
  });

  it.each(['iso-8859-1', '"ISO-8859-1"', 'windows-1252', 'utf-16le', 'utf-8; charset=latin1'])(
    '%s is named and refused',
    async (charset) => {
      const error = await refusal(
        send(Buffer.from(category('né'), 'latin1'), {
          'content-type': `application/json; charset=${charset}`,
        }),
      );
      expect(error.code).toBe('UNSUPPORTED_MEDIA_TYPE');
      expect(error.message).toContain('character set');
    },
  );

  it.each(['application/json', 'application/json; charset=utf-8'])(
    'bytes that are not UTF-8 are refused (%s)',
    async (type) => {
      for (const bytes of [
        Buffer.from(category('né'), 'latin1'),
        Buffer.concat([
          Buffer.from('{"features":{"plan":"'),
          Buffer.from([0xed, 0xa0, 0x80]),
          Buffer.from('"}}'),
        ]),
        Buffer.from(`\ufeff${category('a')}`, 'utf16le'),
      ]) {
        const error = await refusal(send(bytes, { 'content-type': type }));
        expect(error.code).toBe('UNSUPPORTED_MEDIA_TYPE');
        expect(error.message).toContain('not in UTF-8');
      }
    },
  );

  it('a byte order mark is left out', async () => {
    expect((await send(`\ufeff${category('basic')}`)).statusCode).toBe(200);
  });
});

describe('a compressed body', () => {
  const body = Buffer.from(JSON.stringify({ features: { hours: 3 } }));

  it.each([
    ['gzip', gzipSync(body)],
    ['GZIP', gzipSync(body)],
    ['x-gzip', gzipSync(body)],
    ['deflate', deflateSync(body)],
    ['br', brotliCompressSync(body)],
    ['identity', body],
  ])('is read (%s)', async (encoding, payload) => {
    expect((await send(payload, { 'content-encoding': encoding })).statusCode).toBe(200);
  });

  it.each(['compress', 'gzip, gzip', 'constructor', 'x'.repeat(3_000)])(
    'is refused as %s',
    async (encoding) => {
      expect((await refusal(send(body, { 'content-encoding': encoding }))).code).toBe(
        'UNSUPPORTED_MEDIA_TYPE',
      );
    },
  );

  it.each([
    ['gzip', gzipSync(Buffer.alloc(BODY_LIMIT + 1, 32))],
    ['deflate', deflateSync(Buffer.alloc(BODY_LIMIT + 1, 32))],
    ['br', brotliCompressSync(Buffer.alloc(BODY_LIMIT + 1, 32))],
  ])('is not unpacked beyond the bound (%s)', async (encoding, payload) => {
    expect(payload.length).toBeLessThan(10_000);
    expect((await refusal(send(payload, { 'content-encoding': encoding }))).code).toBe('BODY_TOO_LARGE');
  });

  it('that is none is refused', async () => {
    const error = await refusal(send(body, { 'content-encoding': 'gzip' }));
    expect([error.code, error.message]).toEqual(['INVALID_REQUEST', 'the body cannot be unpacked as gzip']);
  });
});

describe('a body of JSON', () => {
  it.each([
    ['nothing', '', 'empty'],
    ['blanks', ' \n ', 'empty'],
    ['half', '{"features":{"hours":1}', 'not valid JSON'],
    ['more behind it', '{"features":{}} x', 'not valid JSON'],
    ['a second value', '{"features":{}}{"features":{}}', 'not valid JSON'],
    ['NaN', '{"features":{"hours":NaN}}', 'not valid JSON'],
    ['Infinity', '{"features":{"hours":-Infinity}}', 'not valid JSON'],
    ['a number beyond any', '{"features":{"hours":1e400}}', 'expected a number or null, got Infinity'],
    ['a key beyond any', '{"key":{"user_id":1e400}}', 'key.user_id: must be a text or a whole number'],
    ['a key that no number holds', '{"key":{"user_id":9007199254740993}}', 'key.user_id: '],
    ['a field twice', '{"features":{"hours":1,"hours":2}}', 'names a field twice'],
    ['a field twice, once escaped', '{"features":{"hours":1,"h\\u006furs":2}}', 'names a field twice'],
    ['a prototype', '{"features":{"__proto__":{"hours":1}}}', '__proto__ is no field'],
    ['a hidden prototype', '{"features":{"\\u005f_proto__":{"hours":1}}}', '__proto__ is no field'],
    ['a constructor', '{"features":{"constructor":{"prototype":{}}}}', 'no such feature'],
    [
      'NUL in a category',
      '{"features":{"plan":"a\\u0000b"}}',
      'expected a text without NUL and without half a surrogate pair',
    ],
    ['half a pair in a key', '{"key":{"user_id":"\\ud800"}}', 'NUL or half a surrogate pair'],
    ['lists without end', `{"features":{"hours":${'['.repeat(500_000)}`, 'more than 20 levels deep'],
    ['objects without end', '{"features":'.repeat(300_000), 'more than 20 levels deep'],
  ])('that holds %s is refused', async (_, payload, words) => {
    const { message } = await refusal(send(payload));
    expect(message).toContain(words);
  });

  it('may hold a minus zero, and quotes, braces and backslashes in its texts', async () => {
    expect((await send('{"features":{"hours":-0,"tickets":-0}}')).statusCode).toBe(200);
    for (const plan of ['"', '\\', '\\"', '{"a":{"b":1}}', '\\\\":[{', 'a:b']) {
      const response = await send(category(plan));
      expect(response.json()).toMatchObject({ predictions: [{ features_used: { plan } }] });
    }
  });
});

describe('the work that one body may ask for', () => {
  const many = (count: number, value = '1'): string =>
    Array.from({ length: count }, (_, index) => `"x${index}":${value}`).join(',');

  it.each([
    ['300,000 unknown features', `{"features":{${many(300_000)}}}`, 'more than 5000 fields'],
    [
      '1,000 rows of 300',
      `{"rows":[${Array.from({ length: 1_000 }, () => `{${many(300)}}`).join(',')}]}`,
      'more than 250000 fields together',
    ],
    ['a key of 5,000 columns', `{"key":{${many(5_000)}}}`, 'has 5000 fields, and at most 32 are read'],
    ['300,000 unknown fields', `{${many(300_000)}}`, 'more than 5000 fields'],
    [
      'a name of 4 MB',
      `{"features":{"${'n'.repeat(4_000_000)}":1}}`,
      "a field's name has 4000000 characters",
    ],
  ])('ends before it is parsed or checked: %s', async (_, payload, words) => {
    const { message, places = [] } = await refusal(send(payload));
    expect(message).toContain(words);
    expect(places.length).toBeLessThanOrEqual(1);
  });

  it.each([
    ['unknown features', `{"features":{${many(4_000)}}}`, 'features.x0: the model has no such feature'],
    [
      'wrong values in each row',
      `{"rows":[${Array.from({ length: 1_000 }, () => '{"hours":"a","tickets":-1}').join(',')}]}`,
      'rows.0.hours: expected a number',
    ],
    [
      'keys that are none',
      `{"keys":[${Array.from({ length: 1_000 }, () => `{${many(32, 'null')}}`).join(',')}]}`,
      'keys.0.x0: must be a text or a whole number',
    ],
    [
      'keys of other columns',
      `{"keys":[${Array.from({ length: 1_000 }, () => `{${many(32)}}`).join(',')}]}`,
      'keys.0.user_id is missing',
    ],
    ['unknown fields', `{${many(5_000)}}`, 'x0: is not a field of this request'],
  ])('%s are looked for until 20 are found', async (_, payload, words) => {
    const { message, places } = await refusal(send(payload));
    expect(message).toContain(words);
    expect(places).toHaveLength(20);
  });

  it('1,000 references are found among the features of every model', async () => {
    const features = Array.from({ length: 1_000 }, (_, index) => `pony${index}`);
    const error = await refusal(
      send(JSON.stringify({ features, entities: { user_id: ['7'] } }), {}, '/features/online'),
    );
    expect([error.code, error.places?.length]).toEqual(['UNKNOWN_FEATURE', 20]);
  });
});

describe('a name that is echoed', () => {
  const odd = `grace\nroot: ok\u202e${'x'.repeat(190)}`;

  it.each([
    ['feature', { features: { [odd]: 1 } }, predict],
    ['key column', { key: { [odd]: 1 } }, predict],
    ['field', { [odd]: 1 }, predict],
    ['key', { key: { user_id: odd } }, predict],
    ['reference', { features: ['hours', odd.slice(0, 200)], entities: { user_id: [7] } }, '/features/online'],
    ['service', { feature_service: odd.slice(0, 200), entities: { user_id: [7] } }, '/features/online'],
    ['entity', { feature_service: 'churn', entities: { [odd]: [7] } }, '/features/online'],
  ])('is one short line that can be printed (%s)', async (_, body, url) => {
    const response = await send(JSON.stringify(body), {}, url);
    expect(response.statusCode).toBeGreaterThanOrEqual(400);
    expect(response.statusCode).toBeLessThan(500);
    const { message, places = [] } = response.json<Shown>().error;
    for (const text of [message, ...places.flatMap(({ at, problem }) => [at, problem])]) {
      expect(text).not.toMatch(/\p{C}|x{81}/u);
    }
    expect(response.body).toContain('grace');
  });
});

describe('a text that no database holds', () => {
  it.each([
    ['GET', '/models/a%00b'],
    ['GET', '/models/a%00b/versions'],
    ['GET', '/models/a%00b/versions/1/card'],
    ['GET', '/models/a%00b/pending'],
    ['GET', '/models/a%00b/reports'],
    ['GET', '/models/a%00b/reports/1'],
    ['GET', '/models/churn/reports?outcome=a%00b'],
    ['GET', '/models/churn/reports?from=a%00b'],
    ['GET', '/models/churn/reports?before=%00'],
    ['GET', '/models/churn/reports/1?format=%00'],
    ['GET', '/models/churn/reports?a%00b=1'],
    ['POST', '/models/a%00b/predict', { features: {} }],
    ['POST', '/models/a%00b/explain', { features: {} }],
    ['POST', '/features/online', { feature_service: 'a\0b', entities: { user_id: ['7'] } }],
    ['POST', '/features/online', { features: ['a\0b'], entities: { user_id: ['7'] } }],
    ['POST', '/features/online', { feature_service: 'churn', entities: { user_id: ['a\0b'] } }],
    ['POST', '/features/online', { feature_service: 'churn', entities: { 'a\0b': ['7'] } }],
  ] as const)('%s %s is a mistake of the request', async (method, url, payload?: object) => {
    const { status, body } = await api.send(method, url, payload);
    expect([400, 404]).toContain(status);
    expect(JSON.stringify(body)).not.toContain('\\u0000');
  });

  it.each(['0x10', '1e2', '', ' 5', '5.0', '-1', '+5', '99999999999999999', '0', 'NaN'])(
    'a limit of "%s" is no number in digits from 1 to 100',
    async (limit) => {
      const { status, body } = await api.send(
        'GET',
        `/models/churn/reports?limit=${encodeURIComponent(limit)}`,
      );
      expect([status, body.error.code]).toEqual([400, 'INVALID_REQUEST']);
    },
  );

  it.each(['0000-01-01T00:00:00Z', '9999-12-31T23:59:59.999Z', '0001-01-01T00:00:00+14:00'])(
    'the calendar ends nowhere near %s',
    async (from) => {
      expect((await api.send('GET', `/models/churn/reports?from=${encodeURIComponent(from)}`)).status).toBe(
        200,
      );
    },
  );
});

describe('a key', () => {
  it('comes back as it was sent, number or text', async () => {
    const [asNumber, asText] = [
      await api.send('POST', predict, { key: { user_id: 7 } }),
      await api.send('POST', predict, { key: { user_id: '7' } }),
    ];
    expect(asNumber.body.predictions[0]?.key).toEqual({ user_id: 7 });
    expect(asText.body.predictions[0]?.key).toEqual({ user_id: '7' });
    const look = await api.send('POST', '/features/online', {
      features: ['hours'],
      entities: { user_id: [7, '7', 8] },
    });
    expect(look.body.results.map(({ values }) => values)).toEqual([
      [7, '7', 8],
      [1, 1, null],
    ]);
    expect((await api.send('POST', '/models/churn/explain', { key: { user_id: 7 } })).body).toMatchObject({
      key: { user_id: 7 },
    });
  });
});

describe('a method', () => {
  it.each([
    ['DELETE', '/models', 'GET, HEAD, OPTIONS'],
    ['GET', predict, 'OPTIONS, POST'],
    ['HEAD', predict, 'OPTIONS, POST'],
    ['PUT', '/models/churn/versions/1/card', 'GET, HEAD, OPTIONS'],
    ['PATCH', '/healthz?x=1', 'GET, HEAD, OPTIONS'],
  ] as const)('%s that %s does not take is answered with those that it does', async (method, url, allow) => {
    const response = await api.app.inject({ method, url });
    expect([response.statusCode, response.headers['allow']]).toEqual([405, allow]);
    if (method !== 'HEAD') expect(response.json()).toMatchObject({ error: { code: 'METHOD_NOT_ALLOWED' } });
  });

  it('OPTIONS names the methods, and HEAD answers like GET without a body', async () => {
    const options = await api.app.inject({ method: 'OPTIONS', url: predict });
    expect([options.statusCode, options.headers['allow'], options.body]).toEqual([204, 'OPTIONS, POST', '']);
    const head = await api.app.inject({ method: 'HEAD', url: '/models' });
    expect([head.statusCode, head.body]).toEqual([200, '']);
    expect((await api.app.inject({ method: 'OPTIONS', url: '/nothing' })).statusCode).toBe(404);
  });
});

describe('on the wire', () => {
  let port: number;
  const lines: string[] = [];
  let listening: { close(): Promise<void> };

  beforeAll(async () => {
    const logger = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
    const serving = new Serving({ database: fixture.database, logger: silent });
    const app = await buildApp({ database: fixture.database, serving, gate: new FakeGate(), logger });
    await app.listen({ port: 0, host: '127.0.0.1' });
    port = (app.server.address() as AddressInfo).port;
    listening = {
      close: async () => {
        await app.close();
        await serving.stop();
      },
    };
  });
  afterAll(() => listening.close());

  const exchange = (text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(text));
      let answer = '';
      socket.setEncoding('utf8');
      socket.on('data', (part: string) => (answer += part));
      socket.on('close', () => resolve(answer));
      socket.on('error', reject);
    });

  it.each([
    ['words', 'hello there\r\n\r\n', 400],
    ['another protocol', 'SSH-2.0-x\r\n\r\n', 400],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n', 400],
    ['a broken header', 'GET / HTTP/1.1\r\nhost x\r\n\r\n', 400],
    ['no host', 'GET /healthz HTTP/1.1\r\nconnection: close\r\n\r\n', 400],
    ['a length that is none', `POST ${predict} HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n`, 400],
    [
      'two lengths',
      `POST ${predict} HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n`,
      400,
    ],
    [
      'a chunk that is none',
      `POST ${predict} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n`,
      400,
    ],
    ['headers of 40 kB', `GET / HTTP/1.1\r\nhost: x\r\nx: ${'x'.repeat(40_000)}\r\n\r\n`, 431],
    ['a path of 40 kB', `GET /${'x'.repeat(40_000)} HTTP/1.1\r\nhost: x\r\n\r\n`, 431],
    ['a path that goes nowhere', 'GET nowhere HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', 400],
  ])('%s is answered in the shape of all errors', async (_, text, status) => {
    const answer = await exchange(text);
    const [head = '', body = ''] = answer.split('\r\n\r\n');
    expect(head).toContain(`HTTP/1.1 ${status} `);
    const { error } = JSON.parse(body) as { error: Record<string, string> };
    expect(Object.keys(error).sort()).toEqual(['code', 'message', 'remedy', 'requestId']);
    expect(head.toLowerCase()).toContain(`x-request-id: ${error['requestId']}`);
  });

  it('a version of HTTP/1.0 needs no host, and an expectation that nobody knows is ignored', async () => {
    expect(await exchange('GET /healthz HTTP/1.0\r\n\r\n')).toContain('200 OK');
    const known = 'GET /healthz HTTP/1.1\r\nhost: x\r\nexpect: wonders\r\nconnection: close\r\n\r\n';
    expect(await exchange(known)).toContain('200 OK');
  });

  it('OPTIONS * names every method', async () => {
    const answer = await exchange('OPTIONS * HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    expect(answer).toMatch(/204[^]*allow: GET, HEAD, OPTIONS, POST/i);
  });

  it('a client that hangs up in the middle of its body is no error of ours', async () => {
    const before = lines.length;
    const head = `POST ${predict} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"features"`;
    for (let time = 0; time < 5; time += 1) {
      await new Promise<void>((resolve) => {
        const socket = connect(port, '127.0.0.1', () => socket.write(head, () => socket.resetAndDestroy()));
        socket.on('close', () => resolve());
      });
    }
    // One that the server answers afterwards was read after those.
    await eventually(async () =>
      expect(await exchange('GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')).toContain(
        '200',
      ),
    );
    expect(lines.slice(before)).toEqual([]);
  });
});
