// Stopped models: predictions are refused until a person lifts the stop, whatever happens to versions, processes or servers.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../store/postgres/database.ts';
import { latencyQuantile } from '../../domain/performance/latency-counts.ts';
import { requestsSince } from '../../store/registry/serving-minutes.ts';
import { consumeGrant, type GrantHolder, issueGrant } from '../../store/registry/grants.ts';
import { changeServing, changingServing, listServingChanges } from '../../store/registry/serving-changes.ts';
import { grantHolder } from '../helpers/candidates.ts';
import { eventually } from '../helpers/eventually.ts';
import { failureOf, sqlStateOf } from '../helpers/failures.ts';
import { makeKey, ModelFixture, startTestApi, type TestApi } from './fixture.ts';
import { openSeverableProxy } from './severable-proxy.ts';

let fixture: ModelFixture;
let api: TestApi;
let folder: string;
let stopFile: string;

const start = (id: string, database: Database = fixture.database, file = stopFile): Promise<TestApi> =>
  startTestApi(database, id, undefined, undefined, file);

beforeAll(async () => {
  fixture = await ModelFixture.create();
  await fixture.release(0);
  await fixture.addOnlineRow('u1', { hours: 1, plan: 'basic' });
  folder = await mkdtemp(join(tmpdir(), 'tidegate-stop-'));
  stopFile = join(folder, 'stop-serving');
  api = await start('stoppable');
});

afterAll(async () => {
  await api.close();
  await fixture.drop();
  await rm(folder, { recursive: true });
});

/** Stops or starts the model with the grant of an operator. */
async function change(stopped: boolean, reason = 'complaints', model = 'churn') {
  const action = stopped ? 'stop' : 'start';
  const { id: grantId } = await issueGrant(fixture.database, grantHolder('grace'), {
    action,
    model,
    version: null,
    evidenceDigest: null,
  });
  return changingServing(fixture.database, async (transaction) => {
    const by = { model, stopped, reason, actor: 'grace', authority: 'key', grantId };
    const use = { by: 'test', action, model } as const;
    return (await consumeGrant(transaction, grantId, use, () => changeServing(transaction, by))).result;
  });
}

const features = { hours: 1, plan: 'basic' };

/** Codes of the answers to a prediction by row, by key, of several rows, and to an explanation; `answered` for each success. */
async function ask(from: TestApi = api): Promise<string[]> {
  const bodies = [{ features }, { key: { user_id: 'u1' } }, { rows: [features, features] }];
  const answers = [
    ...(await Promise.all(bodies.map((body) => from.send('POST', '/models/churn/predict', body)))),
    await from.send('POST', '/models/churn/explain', { features }),
  ];
  return answers.map(({ status, body }) => (status === 200 ? 'answered' : `${status} ${body.error.code}`));
}

const ANSWERED = Array.from({ length: 4 }, () => 'answered');
const STOPPED = Array.from({ length: 4 }, () => '503 MODEL_STOPPED');
const untilAll = (expected: string[], from: TestApi = api) =>
  eventually(async () => expect(await ask(from)).toEqual(expected));

it('a stopped model answers no prediction, and neither a promotion nor a new process lifts that', async () => {
  expect(await ask()).toEqual(ANSWERED);
  await change(true);
  await untilAll(STOPPED);
  const { body } = await api.send('POST', '/models/churn/predict', { features });
  expect(body.error.message).toMatch(/^predictions of churn have been stopped since 2\d{3}-/);
  expect(body.error.message).not.toMatch(/grace|complaints/);

  const version = await fixture.release(3, 1);
  await eventually(() => expect(api.serving.models.get('churn')?.version).toBe(version));
  expect(await ask()).toEqual(STOPPED);
  const fresh = await start('fresh');
  expect(await ask(fresh)).toEqual(STOPPED);
  await fresh.close();

  await change(false, 'the cause was found');
  await untilAll(ANSWERED);
});

it('a stop or start that changes nothing is not recorded again, and what is recorded stays', async () => {
  const { pool } = fixture.database;
  await Promise.all(Array.from({ length: 5 }, (_, each) => change(true, `attempt ${each}`)));
  expect(await change(true, 'once more')).toMatchObject({ changed: false, change: { actor: 'grace' } });
  await change(false, 'done');
  const changes = await listServingChanges(fixture.database, 'churn');
  expect(changes.slice(-2)).toMatchObject([
    { stopped: true, reason: expect.stringMatching(/^attempt \d$/) as string },
    { stopped: false, reason: 'done' },
  ]);
  expect(changes.map(({ stopped }) => stopped)).toEqual([true, false, true, false]);

  await change(true);
  expect(await sqlStateOf(pool.query('delete from tidegate.serving_change'))).toBe('TG001');
  expect(await sqlStateOf(pool.query('update tidegate.serving_change set stopped = false'))).toBe('TG001');
  await expect(
    pool.query(`insert into tidegate.serving_change (model, stopped, reason, actor, authority)
                values ('churn', true, '', 'a', 'key')`),
  ).rejects.toThrow('serving of churn is stopped already');
  await expect(
    pool.query(`insert into tidegate.serving_change (model, stopped, reason, actor, authority)
                values ('churn', false, '', E'a\\nb', 'key')`),
  ).rejects.toThrow('check constraint');
  await change(false, 'done');
  expect((await failureOf(change(true, '', 'absent'))).code).toBe('UNKNOWN_MODEL');
  await untilAll(ANSWERED);
});

it('a file on the server stops the models that it lists, or all, and readiness says so without their names', async () => {
  await writeFile(stopFile, '# others\nupsell\n');
  await eventually(() => expect(api.serving.stops.file.stops('upsell')).toBe(true));
  expect(await ask()).toEqual(ANSWERED);
  await writeFile(stopFile, 'upsell\n  churn \n');
  await untilAll(STOPPED);
  const ready = await api.send('GET', '/readyz');
  expect([ready.status, ready.body.problems]).toEqual([200, ['serving: stopped by file']]);
  await writeFile(stopFile, '');
  await eventually(() => expect(api.serving.stops.file.stops('any other')).toBe(true));
  expect(await ask()).toEqual(STOPPED);
  // A start in the database does not lift a stop by the file.
  await change(true);
  await change(false);
  expect(await ask()).toEqual(STOPPED);
  await rm(stopFile);
  await untilAll(ANSWERED);
  expect((await api.send('GET', '/readyz')).body.problems).toEqual([]);
});

it('a file that cannot be read stops all models', async () => {
  const broken = await start('broken', fixture.database, folder);
  expect(await ask(broken)).toEqual(STOPPED);
  await broken.close();
});

it('while Postgres is down, stops stay in force and a file stops what still answers', async () => {
  const proxy = await openSeverableProxy(fixture.database.url);
  const database = openDatabase(proxy.url, { connectWithinMs: 500 });
  const cutOff = await start('cut-off', database);
  const byRow = async (): Promise<string> => {
    const { status, body } = await cutOff.send('POST', '/models/churn/predict', { features });
    return status === 200 ? 'answered' : body.error.code;
  };
  expect(await byRow()).toBe('answered');
  await proxy.cut();
  expect(await byRow()).toBe('answered');
  await writeFile(stopFile, 'churn');
  await eventually(async () => expect(await byRow()).toBe('MODEL_STOPPED'));
  const ready = await cutOff.send('GET', '/readyz');
  expect(ready.status).toBe(503);
  expect(ready.body.error.places).toContainEqual({ at: 'serving', problem: 'stopped by file' });
  await rm(stopFile);
  await eventually(async () => expect(await byRow()).toBe('answered'));
  await cutOff.close();
  await database.close();
});

it('requests are counted by version, result and latency, and a repeated write counts nothing twice', async () => {
  const counting = await start('counting');
  const { version } = counting.serving.models.get('churn')!;
  const began = new Date();
  await ask(counting);
  await counting.send('POST', '/models/churn/predict', { features: { hours: 'many' } });
  await counting.send('POST', '/models/churn/predict', { key: { user_id: 'nobody' } });
  await counting.serving.requests.flush();
  await counting.send('POST', '/models/churn/predict', { features });
  counting.serving.requests.count({ model: 'churn', version }, 500, 1);
  await counting.serving.requests.flush();
  await counting.close();
  const { rows } = await fixture.database.pool.query(
    `select sum(answered)::int as answered, sum(refused)::int as refused, sum(failed)::int as failed
     from tidegate.serving_minute where instance = 'counting'`,
  );
  expect(rows).toEqual([{ answered: 4, refused: 2, failed: 1 }]);
  const totals = await requestsSince(fixture.database, { model: 'churn', version }, began);
  expect(totals.answered).toBeGreaterThanOrEqual(4);
  expect(latencyQuantile(totals.latency, 0.99)).toBeGreaterThan(0);
});

it('an operator stops and starts by a grant that is used for this request, and nobody else can', async () => {
  const operator = await makeKey(fixture.database, 'olga', ['operator']);
  const stop = (key: string, body: object = { reason: 'complaints' }) =>
    api.send('POST', '/models/churn/stop', body, key);
  for (const role of ['viewer', 'predictor', 'trainer', 'approver'] as const) {
    const key = await makeKey(fixture.database, `only a ${role}`, [role]);
    expect((await stop(key)).body.error.code).toBe('FORBIDDEN');
  }
  for (const body of [
    {},
    { reason: ' ' },
    { reason: 'a\0b' },
    { reason: 'x'.repeat(1_000_000) },
    { reason: 'x', force: true },
  ])
    expect((await stop(operator, body)).status).toBe(400);
  expect((await stop(operator, { reason: 'x', requestedBy: 'grace' })).body.error.message).toContain(
    'the key belongs to olga',
  );
  expect(await ask()).toEqual(ANSWERED);

  const reason = `'; drop table tidegate.serving_change; -- <script>`;
  expect((await stop(operator, { reason })).body).toMatchObject({
    stopped: true,
    changed: true,
    actor: 'olga',
    reason,
  });
  // The process that was asked follows at once.
  expect(await ask()).toEqual(STOPPED);
  expect((await stop(operator, { reason: 'again' })).body).toMatchObject({
    stopped: true,
    changed: false,
    reason,
  });
  expect((await api.send('GET', '/models/churn')).body).toMatchObject({
    stopped: { actor: 'olga', authority: 'key', reason },
  });
  const started = await api.send('POST', '/models/churn/start', { reason: 'found' }, operator);
  expect(started.body).toMatchObject({ stopped: false, changed: true });
  expect(await ask()).toEqual(ANSWERED);

  const [last] = (await listServingChanges(fixture.database, 'churn')).slice(-1);
  const { rows } = await fixture.database.pool.query(
    'select action, model, person, comment, consumed_at is not null as used from tidegate.action_grant where id = $1',
    [last?.grantId],
  );
  expect(rows).toEqual([{ action: 'start', model: 'churn', person: 'olga', comment: 'found', used: true }]);
  expect((await api.send('POST', '/models/absent/stop', { reason: 'x' }, operator)).body.error.code).toBe(
    'UNKNOWN_MODEL',
  );
});

it('the database lifts a stop only with the grant of an operator that is used for it', async () => {
  const { database } = fixture;
  await change(true);
  const grantTo = async (action: 'start' | 'stop', more: Partial<GrantHolder> = {}, model = 'churn') => {
    const scope = { action, model, version: null, evidenceDigest: null };
    return (await issueGrant(database, grantHolder('grace', more), scope)).id;
  };
  const start = (grantId: string | null, used: boolean, actor = 'grace', authority = 'key') =>
    changingServing(database, async (transaction) => {
      await changeServing(transaction, {
        model: 'churn',
        stopped: false,
        reason: '',
        actor,
        authority,
        grantId,
      });
      if (!used) return;
      await transaction
        .updateTable('tidegate.action_grant')
        .set({ consumedBy: 'test', result: 'null' })
        .where('id', '=', grantId)
        .execute();
    });
  const used = await grantTo('start');
  await database.pool.query(`update tidegate.action_grant set consumed_by = 'before' where id = $1`, [used]);
  const attempts = [
    () => start(null, false),
    () => start(null, false, 'tidegate', 'unverified'),
    async () => start(await grantTo('start'), false),
    () => start(used, false),
    async () => start(await grantTo('stop'), true),
    async () => start(await grantTo('start', {}, 'other'), true),
    async () => start(await grantTo('start', { roles: ['viewer', 'approver'] }), true),
    async () => start(await grantTo('start'), true, 'mallory'),
  ];
  for (const attempt of attempts) expect((await failureOf(attempt())).code).toBe('GRANT_REQUIRED');
  expect(await ask()).toEqual(STOPPED);
  await start(await grantTo('start'), true);
  await untilAll(ANSWERED);
});
