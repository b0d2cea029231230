// The page of a model, what was in Production on a day, and two versions or reports side by side.
import { type Client } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createActivities } from '../../activities/index.ts';
import { driftFrame } from '../../bench/drift-frames.ts';
import { setDescription } from '../../store/registry/facts.ts';
import { type FrozenModel, frozenModel } from '../helpers/frozen-model.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';
import { definition, ModelFixture, startTestApi, type TestApi } from './fixture.ts';

let fixture: ModelFixture;
let api: TestApi;

beforeAll(async () => {
  fixture = await ModelFixture.create();
  await fixture.release(0);
  await fixture.addDefinition(2, { ...definition, monitor: { ...definition.monitor, every: '1 week' } });
  await fixture.release(3, 1);
  await fixture.stage(await fixture.register(5, 2));
  api = await startTestApi(fixture.database);
});
afterAll(async () => {
  await api.close();
  await fixture.drop();
});

const open = async (url: string, from = api) => {
  const { status, body } = await from.send('GET', url);
  return { status, text: typeof body === 'string' ? body : JSON.stringify(body) };
};

/** The text of a page without its tags, with single blanks. */
const words = (text: string): string =>
  text
    .replace(/<[^>]*>/g, ' ')
    .replaceAll('&quot;', '"')
    .replace(/\s+/g, ' ');

describe('the page of a model', () => {
  it('shows what is in Production, every version, the promotions and the definitions', async () => {
    const { status, text } = await open('/ui/models/churn');
    expect(status).toBe(200);
    const said = words(text);
    expect(said).toContain('version 2 in Production since');
    expect(said).toContain('version 3 in Staging');
    for (const version of [1, 2, 3]) expect(text).toContain(`href="/ui/models/churn/versions/${version}"`);
    expect(said).toMatch(/version 2 went into Production ada .*approved/);
    expect(said).toMatch(/version 1 left it/);
    expect(said).toMatch(/definition 2 .* linus .*monitor\.every : "[^"]+" → "1 week"/);
    expect(said).toContain('No window has been measured yet.');
  });

  it('shows the description as text, whatever it contains', async () => {
    await setDescription(
      fixture.database,
      { model: 'churn', version: null },
      '<img src=x onerror=alert(1)>',
      'ada',
    );
    const { text } = await open('/ui/models/churn');
    expect(text).toContain('&lt;img src=x onerror=alert(1)&gt;');
    expect(text).not.toContain('<img');
  });

  it('says what was in Production on a day', async () => {
    const today = new Date().toISOString().slice(0, 10);
    const now = words((await open(`/ui/models/churn?on=${today}`)).text);
    expect(now).toMatch(/At the end of .* \(UTC\) version 2 was in Production, since .*: approved by ada/);
    const before = words((await open('/ui/models/churn?on=2020-01-01')).text);
    expect(before).toContain('At the end of 1 Jan 2020 (UTC) no version was in Production.');
  });

  it('has a page of older versions', async () => {
    const { text } = await open('/ui/models/churn?below=3');
    expect(text).not.toContain('href="/ui/models/churn/versions/3">version 3</a></th>');
    expect(text).toContain('href="/ui/models/churn/versions/1"');
  });

  it.each([
    ['/ui/models/absent', 404],
    ['/ui/models/churn?on=2999-01-01', 400],
    ['/ui/models/churn?on=yesterday', 400],
    ['/ui/models/churn?below=-1', 400],
    ['/ui/models/churn/compare/versions?a=1', 400],
    ['/ui/models/churn/compare/versions?a=1&b=99', 404],
    ['/ui/models/churn/compare/reports?a=1&b=2', 404],
  ])('%s answers %i with a page that says why', async (url, expected) => {
    const { status, text } = await open(url);
    expect(status).toBe(expected);
    expect(text).toContain('<!doctype html>');
  });
});

it('the features page shows times, columns, contracts and the statement of the join', async () => {
  const { status, text } = await open('/ui/models/churn/features');
  expect(status).toBe(200);
  const said = words(text);
  expect(said).toContain('Features of churn, definition 2');
  expect(said).toMatch(/usage Keyed by user_id; a row describes as_of , and counts as known at once/);
  expect(said).toMatch(/hours numeric at least 0/);
  expect(said).toMatch(/plan category one of basic, plus/);
  expect(said).toContain('There are no online rows');
  expect(said).toContain('left join lateral (');
  expect((await open('/ui/models/absent/features')).status).toBe(404);
});

it('two versions stand side by side, with what the definition changed between them', async () => {
  const said = words((await open('/ui/models/churn/compare/versions?a=1&b=3')).text);
  expect(said).toContain('Versions 1 and 3 of churn');
  expect(said).toContain(
    'Versions 1 and 3 have no measures, because they were not compared with a champion.',
  );
  expect(said).toMatch(/Definition definition 1 definition 2/);
  expect(said).toMatch(/monitor\.every : "[^"]+" → "1 week"/);
  const same = words((await open('/ui/models/churn/compare/versions?a=1&b=2')).text);
  expect(same).not.toContain('What the definition changed');
});

describe('a model with reports', () => {
  let database: MigratedDatabase;
  let measured: TestApi;
  let model: FrozenModel;
  let quiet: number;
  let drifted: number;

  beforeAll(async () => {
    database = await migratedDatabase();
    const inActivity = new MockActivityEnvironment();
    const activities = createActivities({ database, client: {} as Client, taskQueue: 'none' });
    model = await frozenModel(database, 'measured', driftFrame(3_000, 'reference'));
    quiet = await model.report(driftFrame(1_000, 'reference'));
    drifted = await model.report(driftFrame(3_000, 'window'));
    for (const reportId of [quiet, drifted])
      for (const step of ['checkQuality', 'measureDrift', 'measurePerformance', 'decideRetrain'] as const)
        await inActivity.run<[], unknown, () => Promise<unknown>>(() => activities[step]({ reportId }));
    measured = await startTestApi(database);
  });
  afterAll(async () => {
    await measured.close();
    await database.drop();
  });

  it('draws them on one time axis, with a description for those who do not see it', async () => {
    const { text } = await open('/ui/models/measured', measured);
    expect(text).toMatch(/<svg\s+class="chart wide"[^>]*aria-label="\d+ windows? up to /);
    expect(text).toContain(`href="/ui/models/measured/reports/${drifted}"`);
  });

  it('puts two of them side by side, the columns that changed most first', async () => {
    const url = `/ui/models/measured/compare/reports?a=${quiet}&b=${drifted}`;
    const { status, text } = await open(url, measured);
    expect(status).toBe(200);
    const names = [...text.matchAll(/<th scope="row" class="">\s*([\w ]+?)\s*<\/th>\s*<td class="n">/g)].map(
      ([, name]) => name,
    );
    const rows = words(text);
    expect(rows).toMatch(/stable .* drifted/);
    expect(names.length).toBeGreaterThan(5);
  });
});
