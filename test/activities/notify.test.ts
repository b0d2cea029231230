// Delivery of notifications to receivers that answer, refuse, hang and redirect; each attempt is in the log.
import { type HttpTarget, type NotificationSettings } from '../../activities/deps.ts';
import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { type Client } from '@temporalio/client';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createActivities } from '../../activities/index.ts';
import { type Notification } from '../../activities/notify.ts';
import { type CloudEvent } from '../../domain/notifications.ts';
import { getNotification } from '../../store/registry/notifications.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

let database: MigratedDatabase;
let receiver: Server;
let url: string;
/** What the receiver answers, in order; then 200. */
let answers: (number | 'hang' | { redirect: string })[] = [];
let received: { path: string; headers: IncomingHttpHeaders; body: string }[] = [];

beforeAll(async () => {
  database = await migratedDatabase({ max: 3 });
  receiver = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      received.push({ path: request.url ?? '', headers: request.headers, body });
      const answer = answers.shift() ?? 200;
      if (answer === 'hang') return;
      if (typeof answer === 'number') response.writeHead(answer).end('{}');
      else response.writeHead(307, { location: answer.redirect }).end();
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => receiver.once('listening', resolve));
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
});
afterAll(async () => {
  receiver.closeAllConnections();
  receiver.close();
  await database.drop();
});
beforeEach(() => {
  answers = [];
  received = [];
});

const webhook = (other: Partial<HttpTarget> = {}): HttpTarget => ({
  name: 'webhook',
  type: 'webhook',
  url,
  secret: SECRET,
  ...other,
});

let runs = 0;
/** One run that delivers one notification; each call is the next attempt. */
function noticeRun(settings: Partial<NotificationSettings> = {}, eventId?: string, model = 'churn') {
  const id = `event-${(runs += 1)}`;
  const steps = createActivities({
    database,
    client: {} as Client,
    taskQueue: 'none',
    notifications: { targets: [webhook()], allowPrivate: true, ...settings },
  });
  let attempt = 0;
  const deliver = () =>
    new MockActivityEnvironment({
      attempt: (attempt += 1),
      workflowExecution: { workflowId: `notice/churn/${id}`, runId: `run-${runs}` },
    }).run<[Notification], void, (one: Notification) => Promise<void>>((one) => steps.notify(one), {
      event: 'pending',
      model,
      version: 2,
      message: 'better é',
      workflowId: 'release/churn/2',
      runId: 'release',
      ...(eventId !== undefined && { eventId }),
    });
  return { id, deliver };
}

const deliveriesOf = async (id: string) => (await getNotification(database, id)).deliveries;

test('a receiver that answers 500 three times gets the same signed event four times', async () => {
  answers = [500, 500, 500];
  const { id, deliver } = noticeRun();
  for (let failed = 0; failed < 3; failed += 1)
    await expect(deliver()).rejects.toThrow('webhook answered 500');
  await deliver();
  expect(new Set(received.map(({ body }) => body)).size).toBe(1);
  for (const { headers, body } of received) {
    const { id: eventId, type, data } = JSON.parse(body) as CloudEvent;
    expect({ eventId, type, data }).toMatchObject({
      eventId: id,
      type: 'approval.requested',
      data: { model: 'churn', version: 2, workflowId: 'release/churn/2' },
    });
    const timestamp = headers['webhook-timestamp'] as string;
    const sign = (key: Buffer | string) =>
      `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
    expect(headers).toMatchObject({
      'content-type': 'application/cloudevents+json; charset=utf-8',
      'webhook-id': id,
      'webhook-signature': sign(Buffer.from(SECRET.slice(6), 'base64')),
      'x-mlflow-delivery-id': id,
      'x-mlflow-signature': sign(SECRET),
    });
  }
  const log = await deliveriesOf(id);
  expect(log).toMatchObject([
    { attempt: 1, status: 'failed', responseCode: 500, nextAttemptAt: expect.any(Date) as Date },
    { attempt: 2, status: 'failed', responseCode: 500 },
    { attempt: 3, status: 'failed', responseCode: 500 },
    { attempt: 4, status: 'delivered', responseCode: 200, error: null, nextAttemptAt: null },
  ]);
});

test('a target that has the notification does not get it again because another one failed', async () => {
  answers = [200];
  const { id, deliver } = noticeRun({
    targets: [webhook(), webhook({ name: 'slack', type: 'slack', url: 'http://127.0.0.1:1/' })],
  });
  await expect(deliver()).rejects.toThrow(/^slack: /);
  await expect(deliver()).rejects.toThrow(/^slack: /);
  expect(received).toHaveLength(1);
  expect((await deliveriesOf(id)).map(({ target, status }) => `${target} ${status}`).toSorted()).toEqual([
    'slack failed',
    'slack failed',
    'webhook delivered',
  ]);
});

test('a chat receives one line of text', async () => {
  await noticeRun({ targets: [webhook({ name: 'slack', type: 'slack' })] }).deliver();
  expect(received.map(({ body }) => JSON.parse(body) as unknown)).toEqual([
    { text: '[tidegate] approval.requested churn/2: better é' },
  ]);
});

test('a receiver that hangs is given up, and the attempt is recorded', async () => {
  answers = ['hang'];
  const { id, deliver } = noticeRun();
  await expect(deliver()).rejects.toThrow('webhook: no answer within 5000 ms');
  expect(await deliveriesOf(id)).toMatchObject([{ status: 'failed', responseCode: null }]);
});

test.each([
  ['the metadata service', 'http://169.254.169.254/latest', true, /metadata/],
  ['an address on this machine', 'http://127.0.0.1:1/', false, /loopback or private/],
])('%s is refused, recorded and not tried again', async (_, target, allowPrivate, error) => {
  const { id, deliver } = noticeRun({ targets: [webhook({ url: target })], allowPrivate });
  await deliver();
  await deliver();
  expect(await deliveriesOf(id)).toMatchObject([
    { status: 'refused', error: expect.stringMatching(error) as string, nextAttemptAt: null },
  ]);
});

test('a redirect is not followed', async () => {
  answers = [{ redirect: `${url}/inside` }];
  const { id, deliver } = noticeRun();
  await deliver();
  expect(received.map(({ path }) => path)).toEqual(['/hook']);
  expect(await deliveriesOf(id)).toMatchObject([{ status: 'refused', error: 'it redirects (307)' }]);
});

test('a replay sends the same event with the same id to every target', async () => {
  const first = noticeRun();
  await first.deliver();
  await noticeRun({}, first.id).deliver();
  const [sent, again] = received;
  expect(again?.body).toBe(sent?.body);
  expect(again?.headers['webhook-id']).toBe(first.id);
  expect(await deliveriesOf(first.id)).toHaveLength(2);
});

/** A mail server that keeps what it is sent; it offers no TLS, unless the test asks for it. */
async function mailServer(
  work: (url: string, messages: string[]) => Promise<void>,
  options: SMTPServerOptions = {},
) {
  const messages: string[] = [];
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    authOptional: true,
    onAuth: ({ username, password }, _session, done) =>
      username === 'tidegate' && password === 'p@ss word'
        ? done(null, { user: username })
        : done(new Error('wrong password')),
    onRcptTo: ({ address }, _session, done) =>
      done(address.startsWith('gone@') ? new Error('no such mailbox') : null),
    onData: (stream, session, done) => {
      let text = '';
      stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
      stream.on('end', () => {
        const to = session.envelope.rcptTo.map(({ address }) => address).join(', ');
        messages.push(`user: ${String(session.user)}\nto: ${to}\n${text}`);
        done();
      });
    },
    ...options,
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.server.address() as AddressInfo;
    await work(`smtp://tidegate@127.0.0.1:${port}`, messages);
  } finally {
    await new Promise<void>((resolve) => server.close(resolve));
  }
}

const email = (smtp: string, to: string[], password = 'p@ss word') => ({
  targets: [{ name: 'email', type: 'email', url: smtp, password, from: 'tidegate@example.org', to }] as const,
  publicUrl: 'https://tidegate.example',
});

test('an e-mail arrives at all recipients whom the server accepts, with a link and one id for all attempts', () =>
  mailServer(async (smtp, messages) => {
    const { id, deliver } = noticeRun(email(smtp, ['ada@example.org', 'gone@example.org', 'bo@example.org']));
    await deliver();
    await deliver();
    expect(messages).toHaveLength(1);
    const [text] = messages;
    expect(text).toMatch(/^user: tidegate\nto: ada@example.org, bo@example.org\n/);
    expect(text).toContain('Subject: [tidegate] approval.requested churn/2\r\n');
    expect(text).toContain(`Message-ID: <${id}@tidegate>\r\n`);
    expect(text).toContain('https://tidegate.example/ui/models/churn/versions/2');
    expect(await deliveriesOf(id)).toMatchObject([
      { target: 'email', status: 'delivered', error: 'not accepted for gone@example.org' },
    ]);
  }));

test('an e-mail that the server does not take is tried again', () =>
  mailServer(async (smtp, messages) => {
    const { id, deliver } = noticeRun(email(smtp, ['ada@example.org'], 'wrong'));
    await expect(deliver()).rejects.toThrow(/^email: Invalid login/);
    expect(messages).toEqual([]);
    expect(await deliveriesOf(id)).toMatchObject([
      { status: 'failed', nextAttemptAt: expect.any(Date) as Date },
    ]);
  }));

test('no password is sent to a server whose certificate is not trusted', async () => {
  const seen: string[] = [];
  const onAuth: SMTPServerOptions['onAuth'] = ({ password }, _session, done) => {
    seen.push(password ?? '');
    done(null, { user: 'anybody' });
  };
  await mailServer(
    async (smtp) => {
      await expect(noticeRun(email(smtp, ['ada@example.org'])).deliver()).rejects.toThrow(
        /self-signed|certificate/i,
      );
    },
    { disabledCommands: [], onAuth },
  );
  expect(seen).toEqual([]);
});

test('a line break in a message does not become a header of the e-mail', () =>
  mailServer(async (smtp, messages) => {
    const { deliver } = noticeRun(
      email(smtp, ['ada@example.org']),
      undefined,
      'churn\r\nBcc: eve@example.org',
    );
    await deliver();
    const [headers] = messages[0]!.split('\r\n\r\n');
    expect(headers).toMatch(/^Subject: /m);
    expect(headers).not.toMatch(/^Bcc:/m);
    expect(headers).toMatch(/^to: ada@example.org$/m);
  }));
