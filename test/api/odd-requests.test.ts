// Unusual and malformed paths, methods and HTTP: each error has the usual shape.
import { connect, type AddressInfo } from 'node:net';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildApp } from '../../api/app.ts';
import { Serving } from '../../api/serving/serving.ts';
import { eventually } from '../helpers/eventually.ts';
import { authorization, FakeGate, ModelFixture, silent, startTestApi, type TestApi } from './fixture.ts';

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

describe('a text that cannot be stored', () => {
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
  ] as const)('%s %s is answered as an error of the request', async (method, url, payload?: object) => {
    const { status, body } = await api.send(method, url, payload);
    expect([400, 404]).toContain(status);
    expect(JSON.stringify(body)).not.toContain('\\u0000');
  });

  it.each(['0x10', '1e2', '', ' 5', '5.0', '-1', '+5', '99999999999999999', '0', 'NaN'])(
    'a limit of "%s" is refused, because it is not a whole number from 1 to 100 in digits',
    async (limit) => {
      const { status, body } = await api.send(
        'GET',
        `/models/churn/reports?limit=${encodeURIComponent(limit)}`,
      );
      expect([status, body.error.code]).toEqual([400, 'INVALID_REQUEST']);
    },
  );

  it.each(['0000-01-01T00:00:00Z', '9999-12-31T23:59:59.999Z', '0001-01-01T00:00:00+14:00'])(
    'an instant at the edge of the calendar is accepted: %s',
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
    ['DELETE', '/models', 'GET, HEAD, OPTIONS, POST'],
    ['GET', predict, 'OPTIONS, POST'],
    ['HEAD', predict, 'OPTIONS, POST'],
    ['PUT', '/models/churn/versions/1/card', 'GET, HEAD, OPTIONS'],
    ['PATCH', '/healthz?x=1', 'GET, HEAD, OPTIONS'],
  ] as const)('%s that %s does not take is answered with those that it does', async (method, url, allow) => {
    const response = await api.app.inject({ method, url, headers: authorization(api.key) });
    expect([response.statusCode, response.headers['allow']]).toEqual([405, allow]);
    if (method !== 'HEAD') expect(response.json()).toMatchObject({ error: { code: 'METHOD_NOT_ALLOWED' } });
  });

  it('OPTIONS names the methods, and HEAD answers like GET without a body', async () => {
    const options = await api.app.inject({ method: 'OPTIONS', url: predict });
    expect([options.statusCode, options.headers['allow'], options.body]).toEqual([204, 'OPTIONS, POST', '']);
    const head = await api.app.inject({
      method: 'HEAD',
      url: '/models',
      headers: authorization(api.key),
    });
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
    const app = await buildApp({
      database: fixture.database,
      serving,
      gate: new FakeGate(),
      logger,
      auth: 'off',
      publicUrl: 'http://localhost',
    });
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
    ['text that is not HTTP', 'hello there\r\n\r\n', 400],
    ['another protocol', 'SSH-2.0-x\r\n\r\n', 400],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n', 400],
    ['a broken header', 'GET / HTTP/1.1\r\nhost x\r\n\r\n', 400],
    ['no host', 'GET /healthz HTTP/1.1\r\nconnection: close\r\n\r\n', 400],
    ['an invalid content length', `POST ${predict} HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n`, 400],
    [
      'two content lengths',
      `POST ${predict} HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n`,
      400,
    ],
    [
      'an invalid chunk',
      `POST ${predict} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n`,
      400,
    ],
    ['headers of 40 kB', `GET / HTTP/1.1\r\nhost: x\r\nx: ${'x'.repeat(40_000)}\r\n\r\n`, 431],
    ['a path of 40 kB', `GET /${'x'.repeat(40_000)} HTTP/1.1\r\nhost: x\r\n\r\n`, 431],
    ['a relative path', 'GET nowhere HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', 400],
  ])('%s is answered with an error of the usual shape', async (_, text, status) => {
    const answer = await exchange(text);
    const [head = '', body = ''] = answer.split('\r\n\r\n');
    expect(head).toContain(`HTTP/1.1 ${status} `);
    const { error } = JSON.parse(body) as { error: Record<string, string> };
    expect(Object.keys(error).sort()).toEqual(['code', 'message', 'remedy', 'requestId']);
    expect(head.toLowerCase()).toContain(`x-request-id: ${error['requestId']}`);
  });

  it('HTTP/1.0 needs no Host header, and an unknown expectation is ignored', async () => {
    expect(await exchange('GET /healthz HTTP/1.0\r\n\r\n')).toContain('200 OK');
    const known = 'GET /healthz HTTP/1.1\r\nhost: x\r\nexpect: wonders\r\nconnection: close\r\n\r\n';
    expect(await exchange(known)).toContain('200 OK');
  });

  it('OPTIONS * lists every method', async () => {
    const answer = await exchange('OPTIONS * HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    expect(answer).toMatch(/204[^]*allow: DELETE, GET, HEAD, OPTIONS, POST/i);
  });

  it('a client that disconnects while sending its body is not logged as a server error', async () => {
    const before = lines.length;
    const head = `POST ${predict} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"features"`;
    for (let time = 0; time < 5; time += 1) {
      await new Promise<void>((resolve) => {
        const socket = connect(port, '127.0.0.1', () => socket.write(head, () => socket.resetAndDestroy()));
        socket.on('close', () => resolve());
      });
    }
    // When this request is answered, the server has already read the earlier ones.
    await eventually(async () =>
      expect(await exchange('GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')).toContain(
        '200',
      ),
    );
    expect(lines.slice(before)).toEqual([]);
  });
});
