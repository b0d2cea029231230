// The page on which people try a prediction: by key, by values, and by two versions.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeKey, ModelFixture, startTestApi, type TestApi } from './fixture.ts';

let fixture: ModelFixture;
let api: TestApi;

beforeAll(async () => {
  fixture = await ModelFixture.create();
  await fixture.release(0);
  await fixture.release(3, 1);
  await fixture.stage(await fixture.register(5));
  await fixture.addOnlineRow('u1', { hours: 1, plan: 'basic' });
  api = await startTestApi(fixture.database);
});
afterAll(async () => {
  await api.close();
  await fixture.drop();
});

async function attempt(fields: Readonly<Record<string, string>> | undefined, key?: string) {
  const { status, body } = await api.app
    .inject({
      method: fields ? 'POST' : 'GET',
      url: '/ui/models/churn/try',
      headers: {
        authorization: `Bearer ${key ?? api.key}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      ...(fields && { payload: new URLSearchParams(fields).toString() }),
    })
    .then(({ statusCode, body: text }) => ({ status: statusCode, body: text }));
  return { status, text: body, said: body.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ') };
}

it('has a field for each key and column, a choice for flags and listed values, and no answer yet', async () => {
  const { status, text } = await attempt(undefined);
  expect(status).toBe(200);
  for (const name of ['key user_id', 'value hours', 'value tickets'])
    expect(text).toContain(`<input name="${name}"`);
  expect(text).toMatch(/<select name="value paid">.*<option value="true"[^>]*>\s*yes/s);
  expect(text).toMatch(/<select name="value plan">.*<option value="basic"/s);
  expect(text).not.toContain('id="answer"');
});

it('answers for an entity by its key, and keeps what was filled in', async () => {
  const { status, said, text } = await attempt({ 'key user_id': 'u1' });
  expect(status).toBe(200);
  expect(said).toMatch(/version 2 in Production [01]\.\d{3} (positive|negative): the threshold is 0\.500/);
  expect(said).toContain('the stored row of');
  expect(text).toContain('value="u1"');
});

it('puts another version beside the one in Production', async () => {
  const { said } = await attempt({ 'value hours': '2', 'value plan': 'plus', versus: '1' });
  expect(said).toMatch(/version 2 in Production 0\.\d{3}.*version 1 0\.\d{3}/);
  expect(said).toMatch(/adds in version 2 adds in version 1/);
  expect(said).toMatch(/hours 2 [+-]?\d/);
});

it.each([
  [{ 'value hours': 'many' }, 400, /hours.*number/],
  [{ 'value hours': '-1e999' }, 400, /hours/],
  [{ 'value absent': '1' }, 400, /absent/],
  [{ 'key user_id': 'nobody' }, 404, /nobody/],
  [{ 'key user_id': ' ' }, 400, /nothing was filled in/],
  [{ 'value hours': '1', versus: 'x' }, 404, /version/],
])('%j answers %i on the page, with the form as it was', async (fields, expected, message) => {
  const { status, said, text } = await attempt(fields);
  expect(status).toBe(expected);
  expect(said).toMatch(message);
  expect(text).toContain('<form class="fields"');
});

it('a predictor tries what is or was in Production, and not a version that nobody has approved', async () => {
  const predictor = await makeKey(fixture.database, 'pia', ['predictor', 'viewer']);
  expect((await attempt({ 'value hours': '1', versus: '1' }, predictor)).status).toBe(200);
  const refused = await attempt({ 'value hours': '1', versus: '3' }, predictor);
  expect([refused.status, refused.said]).toEqual([403, expect.stringContaining('was never in Production')]);
  expect((await attempt({ 'value hours': '1', versus: '3' })).status).toBe(200);
  const viewer = await makeKey(fixture.database, 'vera', ['viewer']);
  expect((await attempt(undefined, viewer)).status).toBe(403);
});

it('logs nothing', async () => {
  await attempt({ 'key user_id': 'u1' });
  const { rows } = await fixture.database.pool.query<{ count: string }>(
    'select count(*) from tidegate.prediction',
  );
  expect(Number(rows[0]!.count)).toBe(0);
});
