// The page of the settings: roles, keys, floor and notifications, for admins of all models only.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { requestNotice } from '../../store/registry/notice-requests.ts';
import { makeKey, ModelFixture, startTestApi, type TestApi } from './fixture.ts';

let fixture: ModelFixture;
let api: TestApi;

beforeAll(async () => {
  fixture = await ModelFixture.create();
  api = await startTestApi(fixture.database);
});
afterAll(async () => {
  await api.close();
  await fixture.drop();
});

const open = async (url: string, key?: string) => {
  const { status, body } = await api.send('GET', url, undefined, key);
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { status, text, said: text.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ') };
};

it('says what fills each part while there is nothing', async () => {
  const { status, said } = await open('/ui/settings');
  expect(status).toBe(200);
  expect(said).toContain('There is no floor');
  expect(said).toContain('Nothing has been sent yet.');
});

it('lists roles, keys without their secrets, the floor, and notifications', async () => {
  const { database } = fixture;
  const secret = await makeKey(database, 'grace', ['approver'], {
    models: ['churn'],
    note: '<b>laptop</b>',
    days: 1,
  });
  await api.send('POST', '/floor', { floor: { approvals: 2 }, reason: 'the audit' });
  await requestNotice(database.kysely, { event: 'serving stopped', model: 'churn', message: 'stopped' });
  const { said, text } = await open('/ui/settings');
  expect(said).toMatch(/grace approver all models/);
  expect(said).toMatch(/tgk_\w+ &lt;b&gt;laptop&lt;\/b&gt; grace expires soon approver for churn/);
  expect(said).toMatch(/approvals 2 set by admin of the tests, .*: the audit/);
  expect(said).toMatch(/churn waiting/);
  expect(text).not.toContain(secret);
  expect(text).not.toContain('<b>laptop');
});

it('is for admins of all models, and only they have a link to it', async () => {
  const viewer = await makeKey(fixture.database, 'vera', ['viewer']);
  expect((await open('/ui/settings', viewer)).status).toBe(403);
  expect((await open('/ui', viewer)).text).not.toContain('href="/ui/settings"');
  expect((await open('/ui')).text).toContain('href="/ui/settings"');
});
