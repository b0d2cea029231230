// Notifications from their cause to a receiver: real Postgres, Temporal, API and HTTP; the receiver verifies with a library
// that is not ours, and another receiver never answers.
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { type Client } from '@temporalio/client';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { createActivities } from '../../activities/index.ts';
import { type CloudEvent } from '../../domain/notifications.ts';
import { approveSignal } from '../../workflows/protocol/messages.ts';
import { requestNotice } from '../../store/registry/notice-requests.ts';
import { NoticeStarter } from '../../worker/notice-starter.ts';
import { authorization, makeKey, ModelFixture, silent, startTestApi, type TestApi } from '../api/fixture.ts';
import { eventually } from '../helpers/eventually.ts';
import { EVIDENCE_DIGEST, fakeActivities } from './fake-activities.ts';
import { hostLoops, type Loops, type LoopsHost } from './loops.ts';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

let fixture: ModelFixture;
let api: TestApi;
let host: LoopsHost;
let loops: Loops;
let starter: NoticeStarter;
let receiver: Server;
let hanging: Server;
const received: { headers: IncomingHttpHeaders; body: string }[] = [];
let connections = 0;

beforeAll(async () => {
  fixture = await ModelFixture.create();
  await fixture.release(0);
  api = await startTestApi(fixture.database);
  receiver = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      received.push({ headers: request.headers, body });
      response.writeHead(204).end();
    });
  }).listen(0, '127.0.0.1');
  hanging = createServer(() => (connections += 1)).listen(0, '127.0.0.1');
  await Promise.all(
    [receiver, hanging].map((each) => new Promise((resolve) => each.once('listening', resolve))),
  );
  const urlOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const real = createActivities({
    database: fixture.database,
    client: {} as Client,
    taskQueue: 'none',
    notifications: {
      targets: [
        { name: 'webhook', type: 'webhook', url: urlOf(receiver), secret: SECRET },
        { name: 'dead', type: 'slack', url: urlOf(hanging) },
      ],
      allowPrivate: true,
      publicUrl: 'https://tidegate.example',
    },
  });
  host = await hostLoops({ address: inject('temporalAddress') });
  loops = host.modelWith(fakeActivities({ notify: (notification) => real.notify(notification) }), 'churn');
  host.modelWith(fakeActivities({ notify: (notification) => real.notify(notification) }), 'installation');
  starter = new NoticeStarter({
    database: fixture.database,
    client: host.client,
    taskQueue: loops.taskQueue,
    hasTarget: true,
    logger: silent,
    everyMs: 50,
  });
}, 60_000);
afterAll(async () => {
  await starter.stop();
  for (const server of [receiver, hanging]) {
    server.closeAllConnections();
    server.close();
  }
  await host.stop();
  await api.close();
  await fixture.drop();
});

const eventsOf = (type: string) =>
  received
    .map(({ headers, body }) => ({ headers, body, event: JSON.parse(body) as CloudEvent }))
    .filter(({ event }) => event.type === type);

const ask = async (method: 'GET' | 'POST', url: string, key: string, payload?: object) => {
  const answer = await api.app.inject({
    method,
    url,
    headers: authorization(key),
    ...(payload && { payload }),
  });
  return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() };
};

it('a stop reaches the receiver, which verifies it, and an admin can have it sent once more', async () => {
  const operator = await makeKey(fixture.database, 'olga', ['operator'], { models: ['churn'] });
  const admin = await makeKey(fixture.database, 'root', ['admin']);
  expect(
    await ask('POST', '/models/churn/stop', operator, { reason: 'complaints since noon' }),
  ).toMatchObject({
    status: 200,
  });
  const [first] = await eventually(() => {
    const found = eventsOf('serving.stopped');
    expect(found).toHaveLength(1);
    return found;
  });
  const verifier = new Webhook(SECRET);
  expect(verifier.verify(first!.body, first!.headers as Record<string, string>)).toMatchObject({
    subject: 'churn',
    data: {
      message: 'olga stopped the predictions: complaints since noon',
      workflowId: null,
      url: 'https://tidegate.example/ui',
    },
  });
  expect(() =>
    verifier.verify(first!.body.replace('olga', 'ada'), first!.headers as Record<string, string>),
  ).toThrow('No matching signature');
  const { id } = first!.event;

  // The other target hangs: the notification is not delivered to all, and says so.
  const listed = await eventually(async () => {
    const { body } = await ask('GET', '/notifications?model=churn&state=trying', operator);
    // Others may be tried as well, such as the one about the promotion.
    const entry = (body.notifications as { id: string; targets: object[] }[]).find((each) => each.id === id);
    expect(entry).toMatchObject({ id, type: 'serving.stopped' });
    return entry!;
  });
  expect(listed.targets).toMatchObject([
    { target: 'dead', status: 'failed', error: 'no answer within 5000 ms' },
    { target: 'webhook', status: 'delivered' },
  ]);

  expect((await ask('POST', `/notifications/${id}/replay`, operator)).status).toBe(403);
  expect(await ask('POST', `/notifications/${id}/replay`, admin)).toMatchObject({
    status: 200,
    body: { id, requestedBy: 'root' },
  });
  await eventually(() =>
    expect(eventsOf('serving.stopped').map(({ body }) => body)).toEqual([first!.body, first!.body]),
  );
  const shown = await ask('GET', `/notifications/${id}`, operator);
  expect(shown.body).toMatchObject({
    type: 'serving.stopped',
    event: { id },
    replays: [{ requestedBy: 'root', startedAt: expect.any(String) as string }],
  });
  expect((await ask('POST', '/notifications/unknown/replay', admin)).body).toMatchObject({
    error: { code: 'UNKNOWN_NOTIFICATION' },
  });
}, 60_000);

it('a viewer of another model sees nothing, and only viewers of all models see what is about the installation', async () => {
  await requestNotice(fixture.database.kysely, { event: 'unanchored', model: '', message: 'since noon' });
  await eventually(() => expect(eventsOf('audit.unanchored')).toHaveLength(1));
  const other = await makeKey(fixture.database, 'otto', ['viewer'], { models: ['other'] });
  const own = await makeKey(fixture.database, 'carl', ['viewer'], { models: ['churn'] });
  const all = await makeKey(fixture.database, 'anna', ['viewer']);
  const typesSeenBy = async (key: string) => {
    const { body } = await ask('GET', '/notifications?limit=1000', key);
    return [...new Set((body.notifications as { type: string }[]).map(({ type }) => type))].toSorted();
  };
  expect(await typesSeenBy(other)).toEqual([]);
  expect(await typesSeenBy(own)).not.toContain('audit.unanchored');
  expect(await typesSeenBy(all)).toContain('audit.unanchored');
  const { event } = eventsOf('audit.unanchored')[0]!;
  expect((await ask('GET', `/notifications/${event.id}`, own)).status).toBe(403);
  expect((await ask('GET', `/notifications/${event.id}`, all)).body).toMatchObject({
    event: { subject: 'installation' },
  });
}, 60_000);

it('a release is not delayed by a receiver that never answers', async () => {
  const before = connections;
  // More notifications than there are places for them, each of which waits for the dead receiver.
  for (let one = 0; one < 20; one += 1)
    await requestNotice(fixture.database.kysely, {
      event: 'drift',
      model: 'churn',
      message: `window ${one}`,
    });
  await eventually(() => expect(connections).toBeGreaterThan(before));
  const run = await loops.release();
  await run.signal(approveSignal, {
    version: 2,
    evidenceDigest: EVIDENCE_DIGEST,
    decidedBy: 'grace',
    comment: '',
  });
  expect(await run.result()).toMatchObject({ outcome: 'promoted' });
}, 60_000);
