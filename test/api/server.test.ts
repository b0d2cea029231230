import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RunningServer, startServer } from '../../api/server.ts';
import { authorization, FakeGate, makeKey, ModelFixture, silent } from './fixture.ts';

let fixture: ModelFixture;
let server: RunningServer;

const start = (port: number) =>
  startServer({ database: fixture.database, gate: new FakeGate(), logger: silent, auth: 'off' }, { port });

const ask = (url: string, features: object) =>
  fetch(`${url}/models/churn/predict`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ features }),
  });

const countPredictions = async (): Promise<number> => {
  const { rows } = await fixture.database.pool.query<{ n: number }>(
    'select count(*) as n from tidegate.prediction',
  );
  return rows[0]?.n ?? 0;
};

const instances = () => fixture.database.kysely.selectFrom('tidegate.instance').select('id').execute();

beforeAll(async () => {
  fixture = await ModelFixture.create();
  await fixture.release(0);
  server = await start(0);
});

afterAll(() => fixture.drop());

it('listens on the local machine only, and is ready when it has started', async () => {
  expect(new URL(server.url).hostname).toBe('127.0.0.1');
  const ready = await fetch(`${server.url}/readyz`);
  expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready', problems: [] }]);
  const serving = await fetch(`${server.url}/serving`);
  expect(await serving.json()).toMatchObject({ serving: { churn: 1 }, problems: [] });
});

it('serves metrics on a loopback port of their own, and on the other port only with a key', async () => {
  const other = await startServer(
    { database: fixture.database, gate: new FakeGate(), logger: silent, auth: 'on', metricsPort: 0 },
    { port: 0 },
  );
  const ask = async (url: string, headers = {}) => (await fetch(url, { headers })).status;
  expect(new URL(other.metricsUrl!).hostname).toBe('127.0.0.1');
  expect(await ask(`${other.metricsUrl}/metrics`)).toBe(200);
  expect(await ask(`${other.metricsUrl}/models`)).toBe(404);
  expect(await ask(`${other.url}/metrics`)).toBe(401);
  const viewer = authorization(await makeKey(fixture.database, 'prometheus', ['viewer']));
  expect(await ask(`${other.url}/metrics`, viewer)).toBe(200);
  await other.close();
});

it('refuses a port that is in use, and leaves nothing behind', async () => {
  const port = Number(new URL(server.url).port);
  await expect(start(port)).rejects.toMatchObject({
    code: 'PORT_IN_USE',
    message: `the API cannot listen on port ${port} of 127.0.0.1, because it is already in use`,
  });
  expect(await instances()).toHaveLength(1);
});

it('when closed, answers running requests, writes the log and deletes its instance rows', async () => {
  const before = await countPredictions();
  const asked = await Promise.all(Array.from({ length: 50 }, () => ask(server.url, { hours: 1 })));
  await server.close();
  expect(asked.map(({ status }) => status)).toEqual(asked.map(() => 200));
  expect(await countPredictions()).toBe(before + 50);
  expect(await instances()).toEqual([]);
  await expect(fetch(`${server.url}/healthz`)).rejects.toThrow();
});
