// The page of the audit log: one chain at a time, filters, pages, and whose chains a person may read.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { setTags } from '../../store/registry/facts.ts';
import { makeKey, ModelFixture, startTestApi, type TestApi } from './fixture.ts';

let fixture: ModelFixture;
let api: TestApi;

beforeAll(async () => {
  fixture = await ModelFixture.create();
  await fixture.release(0);
  for (let n = 0; n < 60; n += 1)
    await setTags(
      fixture.database,
      { model: 'churn', version: null },
      { team: `team ${n}` },
      n % 2 === 0 ? 'ada' : 'bo',
    );
  await setTags(
    fixture.database,
    { model: 'churn', version: null },
    { note: '<script>alert(1)</script>' },
    'ada',
  );
  api = await startTestApi(fixture.database);
});
afterAll(async () => {
  await api.close();
  await fixture.drop();
});

const open = async (url: string, key?: string) => {
  const { status, body } = await api.send('GET', url, undefined, key);
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { status, text };
};

/** The positions of the events on a page. */
const positionsOn = (text: string): number[] =>
  [...text.matchAll(/<th scope="row" class="n">\s*(\d+)\s*<\/th>/g)].map(([, position]) => Number(position));

it('lists the newest events of a model first, and the next page goes on where this one ends', async () => {
  const { status, text } = await open('/ui/audit?chain=churn');
  expect(status).toBe(200);
  const first = positionsOn(text);
  expect(first).toHaveLength(50);
  expect(first).toEqual(first.toSorted((a, b) => b - a));
  const next = /href="(\/ui\/audit\?[^"]*before=\d+)"/.exec(text)?.[1]?.replaceAll('&amp;', '&');
  const second = positionsOn((await open(next!)).text);
  expect(second[0]).toBe(first.at(-1)! - 1);
  expect(second.at(-1)).toBe(1);
});

it('filters by event and by person; empty fields do not filter', async () => {
  const { text } = await open('/ui/audit?chain=churn&kind=tag%20set&actor=bo');
  expect(positionsOn(text)).toHaveLength(30);
  expect(text).not.toMatch(/<td class="">\s*ada\s*<\/td>/);
  expect(positionsOn((await open('/ui/audit?chain=churn&kind=&actor=')).text)).toHaveLength(50);
  expect((await open('/ui/audit?chain=churn&actor=nobody')).text).toContain('No event fits the filter.');
});

it('shows the content of an event as text', async () => {
  const { text } = await open('/ui/audit?chain=churn');
  expect(text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  expect(text).not.toContain('<script>alert');
});

it('lets a viewer of one model read its chain, and neither another one nor that of the installation', async () => {
  const viewer = await makeKey(fixture.database, 'vera', ['viewer'], { models: ['churn'] });
  await fixture.database.pool.query(
    `insert into tidegate.model (name, entity_keys, label, holdout)
     select 'upsell', entity_keys, label, holdout from tidegate.model where name = 'churn'`,
  );
  const own = await open('/ui/audit', viewer);
  expect(own.status).toBe(200);
  expect(own.text).toContain('of churn');
  expect(own.text).not.toContain('the installation</option>');
  expect((await open('/ui/audit?chain=', viewer)).status).toBe(403);
  expect((await open('/ui/audit?chain=upsell', viewer)).status).toBe(404);
  const all = await open('/ui/audit');
  expect(all.text).toContain('upsell</option>');
  expect(own.text).not.toContain('upsell</option>');
  expect(all.text).toContain('of the installation');
  expect(all.text).toContain('key made');
});
