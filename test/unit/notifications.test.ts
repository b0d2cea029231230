// Notifications: their types, their signatures, and the addresses that they are never posted to.
import { describe, expect, it, test } from 'vitest';
import { AddressRefused, guardedPost, whyRefused } from '../../store/network/guarded-post.ts';
import { notificationHeaders } from '../../activities/sign-notification.ts';
import { chatText, cloudEvent, type NotificationFacts } from '../../domain/notifications.ts';

const facts: NotificationFacts = {
  event: 'decided',
  model: 'churn',
  version: 7,
  message: 'version 7 was promoted',
  outcome: 'promoted',
  at: '2026-01-01T00:00:00.000Z',
  workflowId: 'release/churn/7',
  runId: 'run',
};

test('the CloudEvent of a promotion names the model and its version', () => {
  expect(cloudEvent('0b1e', facts)).toEqual({
    specversion: '1.0',
    id: '0b1e',
    source: '/tidegate/models/churn',
    type: 'model_version.promoted',
    subject: 'churn/7',
    time: '2026-01-01T00:00:00.000Z',
    datacontenttype: 'application/json',
    data: facts,
  });
});

test.each([
  [{ outcome: 'rejected' }, 'approval.rejected'],
  [{ outcome: 'expired' }, 'approval.expired'],
  [{ outcome: 'superseded' }, 'model_version.archived'],
  [{ event: 'failed', workflowId: 'monitor/churn' }, 'monitor.failed'],
  [{ event: 'failed' }, 'run.failed'],
  [{ event: 'watch broken' }, 'watch.breached'],
  [{ event: 'break glass' }, 'break_glass'],
] as const)('%o has the type %s', (other, type) => {
  expect(cloudEvent('0b1e', { ...facts, ...other }).type).toBe(type);
});

test('the end of a release of which the outcome is not known has a type of its own', () => {
  const { outcome: _, ...without } = facts;
  expect(cloudEvent('0b1e', without).type).toBe('approval.closed');
});

test('a link leads to the page of the version, or to the overview', () => {
  const urlOf = (other: Partial<NotificationFacts>) =>
    cloudEvent('0b1e', { ...facts, ...other }, 'https://tidegate.example').data.url;
  expect(urlOf({})).toBe('https://tidegate.example/ui/models/churn/versions/7');
  expect(urlOf({ version: null })).toBe('https://tidegate.example/ui');
  expect(urlOf({ model: '../x?y#z' })).toBe('https://tidegate.example/ui/models/..%2Fx%3Fy%23z/versions/7');
  expect(cloudEvent('0b1e', facts).data).not.toHaveProperty('url');
});

test('an event about the whole installation names no model', () => {
  expect(cloudEvent('0b1e', { ...facts, event: 'unanchored', model: '', version: null })).toMatchObject({
    source: '/tidegate',
    subject: 'installation',
    type: 'audit.unanchored',
  });
});

test('a message in a chat can mention nobody and link nowhere', () => {
  const text = chatText(cloudEvent('0b1e', { ...facts, message: '<!channel> & <http://x|here>' }));
  expect(text).toBe(
    '[tidegate] model_version.promoted churn/7: &lt;!channel&gt; &amp; &lt;http://x|here&gt;',
  );
});

describe('the signatures', () => {
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  const sign = (withSecret?: string) =>
    notificationHeaders('0b1e', new Date(1_700_000_000_999), '{"specversion":"1.0","data":"é"}', withSecret);

  it('are those of the Python packages for Standard Webhooks and of MLflow', () => {
    expect(sign(secret)).toMatchObject({
      'webhook-id': '0b1e',
      'webhook-timestamp': '1700000000',
      // Recorded from standardwebhooks of PyPI: Webhook(secret).sign(id, timestamp, body).
      'webhook-signature': 'v1,dq1F2STWeP+dqqbSaPZqNLVX+g9NG9Qojo4SUK4LbzE=',
      'x-mlflow-delivery-id': '0b1e',
      'x-mlflow-timestamp': '1700000000',
      // Recorded from Python: base64(hmac(secret, "id.timestamp.body", sha256)), as MLflow documents it.
      'x-mlflow-signature': 'v1,I93a4St9f9anqLzvZOvd2WixA1aVM9e6PdWdj3EiVdE=',
    });
  });

  it('are absent without a secret', () => {
    expect(Object.keys(sign()).filter((name) => name.endsWith('signature'))).toEqual([]);
  });
});

describe('the guard of addresses', () => {
  it.each([
    '169.254.169.254',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '0:0:0:0:0:ffff:a9fe:a9fe',
    '::169.254.169.254',
    '64:ff9b::a9fe:a9fe',
    '2002:a9fe:a9fe::1',
    'fe80::1',
    'fe80::1%eth0',
    'fd00:ec2::254',
    '100.100.100.200',
    '224.0.0.1',
    '255.255.255.255',
  ])('refuses %s, even if private addresses are allowed', (address) => {
    expect(whyRefused(address, true)).toBeDefined();
    expect(whyRefused(address, false)).toBeDefined();
  });

  it.each([
    '127.0.0.1',
    '127.9.9.9',
    '0.0.0.0',
    '10.1.2.3',
    '172.31.255.255',
    '192.168.0.1',
    '100.64.0.1',
    '::1',
    '::',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '64:ff9b::c0a8:1',
    'fd12:3456::1',
  ])('refuses %s unless private addresses are allowed', (address) => {
    expect(whyRefused(address, false)).toBeDefined();
    expect(whyRefused(address, true)).toBeUndefined();
  });

  it.each(['8.8.8.8', '172.32.0.1', '169.253.1.1', '2606:4700::1111', '::ffff:8.8.8.8', '64:ff9b::808:808'])(
    'admits %s',
    (address) => {
      expect(whyRefused(address, false)).toBeUndefined();
    },
  );

  const post = (url: string, allowPrivate = false) =>
    guardedPost({ url, headers: {}, body: '{}', allowPrivate, timeoutMs: 2_000 });

  it.each([
    'http://169.254.169.254/latest/meta-data',
    'http://2852039166/',
    'http://0xa9.0xfe.0xa9.0xfe/',
    'http://0251.0376.0251.0376/',
    'http://[::ffff:169.254.169.254]/',
    'https://169.254.169.254/',
  ])('never connects to %s', async (url) => {
    await expect(post(url, true)).rejects.toBeInstanceOf(AddressRefused);
  });

  it.each(['http://127.1:1/', 'http://localhost:1/', 'http://[::1]:1/', 'http://0:1/'])(
    'never connects to %s unless private addresses are allowed',
    async (url) => {
      await expect(post(url)).rejects.toBeInstanceOf(AddressRefused);
      await expect(post(url, true)).rejects.not.toBeInstanceOf(AddressRefused);
    },
  );
});
