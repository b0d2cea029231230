// What people write about models and versions, and how models and versions are found, over HTTP.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../helpers/eventually.ts';
import { makeKey, ModelFixture, startTestApi, type TestApi } from './fixture.ts';

let fixture: ModelFixture;
let api: TestApi;
let viewer: string;

beforeAll(async () => {
  fixture = await ModelFixture.create();
  await fixture.release(0);
  await fixture.stage(await fixture.register(1));
  api = await startTestApi(fixture.database);
  viewer = await makeKey(fixture.database, 'vera', ['viewer']);
});

afterAll(async () => {
  await api.close();
  await fixture.drop();
});

const post = async (path: string, body: object, key?: string) => {
  const answer = await api.send('POST', `/models/churn/${path}`, body, key);
  return {
    status: answer.status,
    body: answer.body as unknown as Record<string, unknown>,
    code: answer.body.error?.code,
  };
};
const get = async (path: string): Promise<Record<string, unknown>> => {
  const { status, body } = await api.send('GET', path);
  return { status, ...(body as unknown as Record<string, unknown>) };
};
const find = async (filter: string, path = '/models'): Promise<unknown> => {
  const answer = await get(`${path}?filter=${encodeURIComponent(filter)}`);
  const found = (answer['models'] ?? answer['versions']) as { name?: string; version?: number }[] | undefined;
  return found?.map(({ name, version }) => name ?? version) ?? (answer['error'] as { code: string }).code;
};

it('a trainer tags and describes models and versions, and they are found by it', async () => {
  const hostile = `'; drop table tidegate.tag; -- <script>alert(1)</script>`;
  expect((await post('tags', { tags: { team: 'growth', note: hostile } })).body).toMatchObject({
    tags: { team: 'growth', note: hostile },
  });
  await post('tags', { version: 1, tags: { team: 'first', gone: 'x' } });
  expect((await post('tags', { version: 1, tags: { gone: null } })).body).toMatchObject({
    tags: { team: 'first' },
  });
  await post('description', { version: 1, description: 'the first\nof many' });
  expect(await get('/models/churn/versions/1')).toMatchObject({
    tags: { team: 'first' },
    description: 'the first\nof many',
    aliases: ['champion'],
  });
  expect(await find("tags.team = 'growth' AND name LIKE 'ch%' AND stage = 'Staging'")).toEqual(['churn']);
  expect(await find("tags.team = 'first'")).toEqual([]);
  expect(await find("tags.team = 'first'", '/models/churn/versions')).toEqual([1]);
  expect(await find("alias = 'challenger'", '/models/churn/versions')).toEqual([2]);
  expect(await find("name = 'x' OR 1=1")).toBe('INVALID_REQUEST');
});

it('aliases are free except for those that follow the stages', async () => {
  expect((await post('aliases', { alias: 'shadow', version: 2 })).body).toEqual({
    aliases: { champion: 1, challenger: 2, shadow: 2 },
  });
  expect(await get('/models/churn')).toMatchObject({ aliases: { champion: 1, challenger: 2, shadow: 2 } });
  expect((await post('aliases', { alias: 'champion', version: 2 })).code).toBe('INVALID_REQUEST');
  expect((await post('aliases', { alias: 'shadow', version: 99 })).code).toBe('UNKNOWN_VERSION');
  await post('aliases', { alias: 'shadow', version: null });
  expect(await get('/models/churn')).toMatchObject({ aliases: { champion: 1, challenger: 2 } });
});

it('everybody who may read may comment, and a comment decides nothing', async () => {
  const text = 'looks <b>good</b>\n; select pg_sleep(9)';
  expect((await post('versions/2/comments', { text }, viewer)).body).toMatchObject({
    text,
    actor: 'vera',
    authority: 'key',
  });
  expect(await get('/models/churn/versions/2/comments')).toMatchObject({
    comments: [{ text, actor: 'vera' }],
  });
  expect(await get('/models/churn/versions/2')).toMatchObject({ stage: 'Staging' });
  expect((await post('versions/9/comments', { text }, viewer)).code).toBe('UNKNOWN_VERSION');
});

it('lineage says where a version comes from', async () => {
  const { lineage, watch } = await get('/models/churn/versions/1');
  expect(lineage).toMatchObject({
    definition: { version: 1, digest: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
    dataset: { id: 1, digest: 'x', rows: 100 },
    trainer: 'logistic-regression',
    code: null,
    retrain: { id: 'retrain-0-1', requestedBy: 'unverified', claimedBy: 'bo', workflowId: 'test' },
    parent: null,
    runs: expect.arrayContaining([{ workflowId: 'test', runId: expect.any(String) as string }]) as unknown[],
  });
  expect(watch).toBeNull();
  expect(await get('/models/churn/versions/9')).toMatchObject({ status: 404 });
  expect(await get('/models/churn/versions/x')).toMatchObject({ status: 400 });
});

it('a caller without the role, and what cannot be kept, are refused and change nothing', async () => {
  const before = [await get('/models/churn'), await get('/models/churn/versions/2/comments')];
  for (const [path, body] of [
    ['tags', { tags: { a: 'b' } }],
    ['description', { description: 'x' }],
    ['aliases', { alias: 'blue', version: 1 }],
  ] as const)
    expect((await post(path, body, viewer)).code, path).toBe('FORBIDDEN');
  const long = 'x'.repeat(1_000_000);
  const wrong: [string, object][] = [
    ['tags', { tags: { a: long } }],
    ['tags', { tags: { [long]: 'a' } }],
    ['tags', { tags: { a: 'b\0' } }],
    ['tags', { tags: { '': 'b' } }],
    ['tags', { tags: { 'a\nb': 'b' } }],
    ['tags', { tags: { a: 7 } }],
    ['tags', { tags: { a: 'b' }, set_by: 'root' }],
    ['tags', { tags: Object.fromEntries(Array.from({ length: 201 }, (_, each) => [`k${each}`, ''])) }],
    ['description', { description: long }],
    ['aliases', { alias: 'a/../b', version: 1 }],
    ['aliases', { alias: 'v2', version: 1 }],
    ['versions/2/comments', { text: long }],
    ['versions/2/comments', { text: ' ' }],
    ['versions/2/comments', { text: 'a\u202Eb' }],
  ];
  for (const [path, body] of wrong) {
    const { status, code } = await post(path, body);
    expect([status, code], JSON.stringify(body).slice(0, 80)).toEqual([400, 'INVALID_REQUEST']);
  }
  expect([await get('/models/churn'), await get('/models/churn/versions/2/comments')]).toEqual(before);
});

it('history says what was in Production at an instant, on whose word, and which servers answered', async () => {
  const { moves } = (await get('/models/churn/history')) as {
    moves: { to: string; version: number; at: string }[];
  };
  const promoted = moves.find(({ to }) => to === 'Production')!;
  expect((await post('predict', { features: { hours: 1 } })).status).toBe(200);
  await eventually(async () => {
    const at = new Date().toISOString();
    const { state } = (await get(`/models/churn/history?at=${at}`)) as { state: Record<string, unknown> };
    expect(state).toMatchObject({
      at,
      production: {
        version: 1,
        reason: 'approved',
        evidenceDigest: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      },
      decisions: [{ decision: 'approve', authority: 'key' }],
      stopped: null,
      answeredBy: [{ instance: 'test-instance', version: 1, predictions: 1 }],
    });
  });
  const before = new Date(Date.parse(promoted.at) - 1).toISOString();
  const early = (await get(`/models/churn/history?at=${before}`)) as { moves: unknown[]; state: unknown };
  expect(early.moves.length).toBeLessThan(moves.length);
  expect(early.state).toMatchObject({ production: null, decisions: [], answeredBy: [] });
  for (const at of ['yesterday', '2024-13-01T00:00:00Z', "'; select 1"])
    expect(await get(`/models/churn/history?at=${encodeURIComponent(at)}`)).toMatchObject({ status: 400 });
  expect(await get('/models/churn/history?at=2999-01-01T00:00:00Z')).toMatchObject({
    status: 400,
    code: 'FUTURE_INSTANT',
  });
  expect(await get('/models/absent/history')).toMatchObject({ status: 404 });
});

it('an operator withdraws a version that waits, and its release ends, at the latest when it is asked again', async () => {
  const operator = await makeKey(fixture.database, 'olga', ['operator']);
  const withdraw = (version: number, body: object = { reason: 'wrong fee table' }, key = operator) =>
    post(`versions/${version}/withdraw`, body, key);
  expect((await withdraw(2, { reason: 'x' }, viewer)).code).toBe('FORBIDDEN');
  expect((await withdraw(2, {})).code).toBe('INVALID_REQUEST');
  expect((await withdraw(1)).code).toBe('NOTHING_PENDING');
  expect((await withdraw(9)).code).toBe('UNKNOWN_VERSION');
  expect(await get('/models/churn')).toMatchObject({ production: 1, staging: 2 });

  api.gate.endFails = true;
  expect((await withdraw(2)).body).toMatchObject({ version: 2, stage: 'Archived', releaseEnded: false });
  expect(await get('/models/churn')).toMatchObject({ production: 1, staging: null });
  api.gate.endFails = false;
  expect((await withdraw(2)).body).toMatchObject({ stage: 'Archived', releaseEnded: true });
  expect(api.gate.ended).toEqual(['churn/2']);
  const { moves } = (await get('/models/churn/history')) as { moves: object[] };
  expect(moves.slice(-2)).toMatchObject([
    { version: 2, to: 'Staging' },
    {
      version: 2,
      to: 'Archived',
      reason: 'withdrawn',
      actor: 'olga',
      authority: 'key',
      detail: 'wrong fee table',
    },
  ]);
});
