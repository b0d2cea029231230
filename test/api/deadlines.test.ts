// A Postgres that accepts data but never answers: every request is still answered in time.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../store/postgres/database.ts';
import { isTemporary } from '../../store/postgres/postgres-failure.ts';
import { eventually } from '../helpers/eventually.ts';
import { ModelFixture, startTestApi, type TestApi } from './fixture.ts';
import { openSeverableProxy, type SeverableProxy } from './severable-proxy.ts';

let fixture: ModelFixture;
let proxy: SeverableProxy;
let database: Database;
let api: TestApi;

beforeAll(async () => {
  fixture = await ModelFixture.create();
  await fixture.release(0);
  await fixture.addOnlineRow('u1', { hours: 10, tickets: 2, plan: 'plus', paid: 'true' });
  proxy = await openSeverableProxy(fixture.database.url);
  database = openDatabase(proxy.url, { connectWithinMs: 400, statementWithinMs: 400 });
  api = await startTestApi(database, 'stalled', undefined, 200);
});

afterAll(async () => {
  proxy.resume();
  await api.close();
  await database.close();
  await proxy.cut();
  await fixture.drop();
});

const byKey = () => api.send('POST', '/models/churn/predict', { key: { user_id: 'u1' } });
const decision = { version: 1, evidenceDigest: 'a'.repeat(64), decision: 'approve', decidedBy: 'bo' };

it.each([
  ['a prediction by key', byKey],
  ['the models', () => api.send('GET', '/models')],
  ['a model', () => api.send('GET', '/models/churn')],
  ['the versions', () => api.send('GET', '/models/churn/versions')],
  ['the card', () => api.send('GET', '/models/churn/versions/1/card')],
  ['the reports', () => api.send('GET', '/models/churn/reports')],
  ['what is pending', () => api.send('GET', '/models/churn/pending')],
  ['a decision', () => api.send('POST', '/models/churn/decisions', decision)],
  ['an explanation by key', () => api.send('POST', '/models/churn/explain', { key: { user_id: 'u1' } })],
])('%s: answered while Postgres is stopped, and normally again when it continues', async (_, ask) => {
  const answered = async (): Promise<number> => {
    const { status } = await ask();
    expect(status).not.toBe(503);
    return status;
  };
  const before = await eventually(answered, { within: 60_000 });
  proxy.stall();
  const { status, body } = await ask();
  proxy.resume();
  expect([status, body.error.code]).toEqual([503, expect.stringMatching(/^DATABASE_(TIMEOUT|UNREACHABLE)$/)]);
  expect(await eventually(answered, { within: 60_000 })).toBe(before);
});

it('many concurrent look-ups are answered while Postgres is stopped, and none is still open when it continues', async () => {
  proxy.stall();
  const answers = await Promise.all(Array.from({ length: 300 }, byKey));
  proxy.resume();
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]));
  await eventually(async () => expect((await byKey()).status).toBe(200), { within: 60_000 });
});

it('a statement that the server itself cancels fails with DATABASE_TIMEOUT too, and its connection stays usable', async () => {
  const holder = await fixture.database.pool.connect();
  await holder.query('begin; lock table tidegate.version in access exclusive mode');
  const { status, body } = await api.send('GET', '/models/churn/versions');
  await holder.query('rollback');
  holder.release();
  expect([status, body.error.code]).toEqual([503, 'DATABASE_TIMEOUT']);
});

it('a transaction fails too, and its connection is not used again', async () => {
  const work = (): Promise<unknown> =>
    database.kysely
      .transaction()
      .execute((transaction) => transaction.selectFrom('tidegate.model').selectAll().execute());
  await work();
  proxy.stall();
  const failure: unknown = await work().catch((error: unknown) => error);
  proxy.resume();
  expect(isTemporary(failure)).toBe(true);
  await eventually(work, { within: 60_000 });
});
