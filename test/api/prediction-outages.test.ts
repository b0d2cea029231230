// While Postgres temporarily accepts no writes, predictions are answered, and none is lost or logged twice.
import { randomUUID } from 'node:crypto';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { openDatabase } from '../../store/postgres/database.ts';
import { UnknownOutcome, wasCommitted, writePredictions } from '../../store/registry/predictions.ts';
import { eventually } from '../helpers/eventually.ts';
import { ModelFixture, startTestApi, type TestApi } from './fixture.ts';

let fixture: ModelFixture;
let api: TestApi;
let admin: pg.Client;
let name: string;

beforeAll(async () => {
  fixture = await ModelFixture.create();
  await fixture.release(0);
  name = new URL(fixture.database.url).pathname.slice(1);
  admin = new pg.Client({ connectionString: fixture.database.url });
  await admin.connect();
  api = await startTestApi(fixture.database);
});

afterAll(async () => {
  await api.close();
  await admin.end();
  await fixture.drop();
});

beforeEach(() => admin.query('truncate tidegate.prediction'));

let sent = 0;

/** Sends `count` predictions, each with a different number, and waits for the answers. */
async function predict(count: number): Promise<void> {
  for (let each = 0; each < count; each += 1) {
    const { status } = await api.send('POST', '/models/churn/predict', { features: { hours: sent } });
    expect(status).toBe(200);
    sent += 1;
  }
}

const logged = async (): Promise<number[]> => {
  const { rows } = await admin.query<{ hours: number }>(
    `select (features->>'hours')::int as hours from tidegate.prediction order by 1`,
  );
  return rows.map(({ hours }) => hours);
};

const problems = async (): Promise<string> =>
  JSON.stringify((await api.send('GET', '/serving')).body.problems ?? []);

const metric = async (metricName: string): Promise<number> => {
  const { body } = await api.send('GET', '/metrics');
  return Number(new RegExp(`^${metricName} (\\S+)$`, 'm').exec(body as unknown as string)?.[1]);
};

/** Changes a setting of the database, which affects connections opened afterwards. */
const set = async (setting: string): Promise<void> => {
  await admin.query(`alter database ${name} ${setting}`);
  await endSessions();
};

const endSessions = () =>
  admin.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and pid <> pg_backend_pid()',
    [name],
  );

const raiseOnInsert = async (state: string): Promise<void> => {
  await admin.query(`create or replace function public.refuse() returns trigger language plpgsql as
    $$ begin raise exception 'no' using errcode = '${state}'; end $$`);
  await admin.query(
    'create trigger refuse before insert on tidegate.prediction execute function public.refuse()',
  );
};

const allow = () => admin.query('drop trigger refuse on tidegate.prediction');

interface Outage {
  readonly begin: () => Promise<unknown>;
  readonly end: () => Promise<unknown>;
}

const outages: Readonly<Record<string, Outage>> = {
  'is read-only': {
    begin: () => set('set default_transaction_read_only = on'),
    end: () =>
      admin
        .query(`set default_transaction_read_only = off; alter database ${name} reset all`)
        .then(endSessions),
  },
  'holds a lock past a statement_timeout': {
    begin: async () => {
      await set(`set statement_timeout = '100ms'`);
      await admin.query('begin; lock table tidegate.prediction in access exclusive mode');
    },
    end: () => admin.query('commit').then(() => set('reset all')),
  },
  'has a full disk': { begin: () => raiseOnInsert('53100'), end: allow },
  'lacks the table': {
    begin: () => admin.query('alter table tidegate.prediction rename to hidden'),
    end: () => admin.query('alter table tidegate.hidden rename to prediction'),
  },
};

it.each(Object.entries(outages))('nothing is lost while Postgres %s', async (_, { begin, end }) => {
  const first = sent;
  await predict(3);
  await begin();
  await predict(3);
  await eventually(async () => expect(await problems()).toContain('waiting to be logged'), {
    within: 60_000,
  });
  expect(await metric('tidegate_predictions_behind_seconds')).toBeGreaterThan(0);
  expect(await metric('tidegate_predictions_waiting')).toBeGreaterThanOrEqual(3);
  await predict(3);
  await end();
  const all = Array.from({ length: 9 }, (__, index) => first + index);
  await eventually(async () => expect(await logged()).toEqual(all), { within: 60_000 });
  await eventually(async () => expect(await problems()).toBe('[]'), { within: 60_000 });
  expect(await metric('tidegate_predictions_behind_seconds')).toBe(0);
  expect(api.serving.predictions.dropped).toBe(0);
});

it('nothing is lost or logged twice while the sessions are terminated again and again', async () => {
  const first = sent;
  for (let round = 0; round < 10; round += 1) {
    await predict(5);
    await endSessions();
  }
  const all = Array.from({ length: 50 }, (_, index) => first + index);
  await eventually(async () => expect(await logged()).toEqual(all), { within: 60_000 });
});

it('if the database refuses a row, only that row is lost', async () => {
  const before = api.serving.predictions.dropped;
  const row = { model: 'churn', version: 1, entityKey: null, score: 0.5, at: new Date() };
  api.serving.predictions.append([
    { ...row, id: randomUUID(), features: JSON.stringify({ hours: 1 }) },
    { ...row, id: randomUUID(), features: JSON.stringify({ hours: 2, plan: 'a\0b' }) },
    { ...row, id: randomUUID(), features: JSON.stringify({ hours: 3 }), score: 2 },
    { ...row, id: randomUUID(), features: JSON.stringify({ hours: 4 }), version: 2 ** 40 },
    { ...row, id: randomUUID(), features: JSON.stringify({ hours: 5 }), at: new Date(NaN) },
    { ...row, id: randomUUID(), features: JSON.stringify({ hours: 6, plan: 'x'.repeat(5_000_000) }) },
    { ...row, id: randomUUID(), features: JSON.stringify({ hours: 7 }), model: 'a model that was deleted' },
  ]);
  await eventually(async () => expect(await logged()).toEqual([1, 6, 7]), { within: 60_000 });
  expect(api.serving.predictions.dropped - before).toBe(4);
  expect(await metric('tidegate_predictions_dropped_total{reason="refused"}')).toBe(4);
});

it('the outcome of a commit with a lost answer can be looked up', async () => {
  const rows = [
    {
      id: randomUUID(),
      model: 'churn',
      version: 1,
      entityKey: null,
      features: JSON.stringify({ hours: 1 }),
      score: 0.5,
      at: new Date(),
    },
  ];
  for (const arrives of [true, false]) {
    await admin.query('truncate tidegate.prediction');
    const way = await openForgetfulProxy(fixture.database.url, arrives);
    const database = openDatabase(way.url, { max: 1 });
    const failure: unknown = await writePredictions(database, 'test', rows).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UnknownOutcome);
    const { transaction } = failure as UnknownOutcome;
    await eventually(async () => expect(await wasCommitted(fixture.database, transaction)).toBe(arrives));
    expect(await logged()).toHaveLength(arrives ? 1 : 0);
    await database.close();
    await way.close();
  }
  // A server that does not know the transaction has not committed it.
  expect(await wasCommitted(fixture.database, String(2 ** 40))).toBe(false);
});

/** A proxy to Postgres that breaks when COMMIT is sent: before COMMIT arrives, or before its answer does. */
async function openForgetfulProxy(target: string, arrives: boolean) {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  const server = createServer((incoming) => {
    const outgoing = connect(Number(port), hostname);
    let isCommitting = false;
    for (const socket of [incoming, outgoing]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
    }
    incoming.on('data', (data) => {
      isCommitting = data.includes('commit\0');
      if (!isCommitting || arrives) outgoing.write(data);
      else sockets.forEach((socket) => socket.destroy());
    });
    outgoing.on('data', (data) => {
      if (isCommitting) sockets.forEach((socket) => socket.destroy());
      else incoming.write(data);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(target);
  url.port = String((server.address() as AddressInfo).port);
  return { url: url.href, close: () => new Promise((resolve) => server.close(resolve)) };
}
