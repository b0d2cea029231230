import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TidegateClient, TidegateRequestError } from '../../../client/client.ts';

type Handler = (response: ServerResponse, request: IncomingMessage, body: string) => void;

let handlers: Handler[] = [];
const seen: { method?: string; url?: string; authorization?: string; body: string }[] = [];
const server = createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (part: string) => (body += part));
  request.on('end', () => {
    const { method = '', url = '', headers } = request;
    seen.push({ method, url, authorization: headers.authorization ?? '', body });
    handlers.shift()?.(response, request, body);
  });
});
let url: string;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  seen.length = 0;
  handlers = [];
});

const answers =
  (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Handler =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
const busy = { code: 'DATABASE_BUSY', detail: 'no connection to spare' };
const answer = {
  model: 'churn',
  version: 3,
  threshold: 0.5,
  predictions: [{ score: 0.31, positive: false }],
};
const ask = (options: object = {}) =>
  new TidegateClient({ url, key: 'tgk_1', ...options }).predict('a/b', { key: { user_id: 7 } });

it('sends the key and the encoded name of the model, and returns the answer', async () => {
  handlers = [answers(200, answer)];
  expect(await ask()).toEqual(answer);
  expect(seen).toEqual([
    {
      method: 'POST',
      url: '/models/a%2Fb/predict',
      authorization: 'Bearer tgk_1',
      body: '{"key":{"user_id":7}}',
    },
  ]);
});

describe('a request that is refused', () => {
  it('throws the problem of the server', async () => {
    const problem = {
      detail: 'features.x: the model has no such feature',
      code: 'UNKNOWN_FEATURE',
      remedy: 'Send others.',
      places: [{ at: 'features.x', problem: 'the model has no such feature' }],
      requestId: 'r1',
    };
    handlers = [answers(400, problem)];
    const error = await ask().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TidegateRequestError);
    const { detail, ...rest } = problem;
    expect(error).toMatchObject({ ...rest, message: detail, status: 400 });
    expect(seen).toHaveLength(1);
  });

  it('by something else than the API has the code UNKNOWN', async () => {
    handlers = [answers(502, '<html>bad gateway</html>')];
    await expect(ask()).rejects.toMatchObject({ status: 502, code: 'UNKNOWN' });
  });

  it('with 503 is repeated if the server asks for it, and not otherwise', async () => {
    const again = answers(503, busy, { 'retry-after': '0' });
    handlers = [again, again, answers(200, answer)];
    expect(await ask()).toEqual(answer);
    handlers = [answers(503, { code: 'MODEL_STOPPED' })];
    await expect(ask()).rejects.toMatchObject({ code: 'MODEL_STOPPED' });
    expect(seen).toHaveLength(4);
  });

  it('is repeated only so often, and not beyond the deadline', async () => {
    const again = answers(503, busy, { 'retry-after': '0' });
    handlers = [again, again];
    await expect(ask({ retries: 1 })).rejects.toMatchObject({ code: 'DATABASE_BUSY' });
    handlers = [answers(503, busy, { 'retry-after': '600' })];
    await expect(ask()).rejects.toMatchObject({ code: 'DATABASE_BUSY' });
    expect(seen).toHaveLength(3);
  });
});

it('ends a request that the server does not answer in time, or that the caller aborts', async () => {
  handlers = [() => undefined, () => undefined];
  await expect(ask({ timeoutMs: 50 })).rejects.toMatchObject({ name: 'TimeoutError' });
  const aborting = new AbortController();
  const pending = new TidegateClient({ url }).predict('churn', { features: {} }, { signal: aborting.signal });
  aborting.abort(new Error('not needed any more'));
  await expect(pending).rejects.toThrow('not needed any more');
});
