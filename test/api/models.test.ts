import { afterAll, beforeAll, expect, it } from 'vitest';
import { decideReport, openReport, writeReportPart } from '../../store/registry/reports.ts';
import { ModelFixture, startTestApi, type TestApi } from './fixture.ts';

let fixture: ModelFixture;
let api: TestApi;

const openChurnReport = (request: string) =>
  openReport(fixture.database, {
    request,
    model: 'churn',
    definitionVersion: 1,
    championVersion: 1,
    datasetId: 1,
    asOf: new Date('2024-02-29T00:00:00Z'),
    workflowId: 'monitor/churn',
    runId: request,
  });

beforeAll(async () => {
  fixture = await ModelFixture.create();
  await fixture.release(0);
  await fixture.stage(await fixture.register(1));
  api = await startTestApi(fixture.database);
});

afterAll(async () => {
  await api.close();
  await fixture.drop();
});

it('GET /models lists each model with its versions in Production and Staging', async () => {
  const { status, body } = await api.send('GET', '/models');
  expect([status, body.models]).toEqual([
    200,
    [
      {
        name: 'churn',
        definitionVersion: 1,
        entity: { name: 'user', keys: ['user_id'] },
        production: 1,
        staging: 2,
        tags: {},
        description: '',
        aliases: { champion: 1, challenger: 2 },
      },
    ],
  ]);
});

it('GET /models/:model lists the features and the versions that each instance serves', async () => {
  const { status, body } = await api.send('GET', '/models/churn');
  expect(status).toBe(200);
  expect(body.features).toEqual(
    expect.arrayContaining([
      { name: 'hours', type: 'numeric', min: 0 },
      { name: 'tickets', type: 'count' },
      { name: 'plan', type: 'category', values: ['basic', 'plus'] },
      { name: 'paid', type: 'flag' },
    ]),
  );
  expect(body.instances).toMatchObject([
    { instance: 'test-instance', version: 1, state: 'serving', problem: null },
  ]);
});

it('GET /models/:model/versions lists the versions, newest first', async () => {
  const { status, body } = await api.send('GET', '/models/churn/versions');
  expect([status, body.versions]).toMatchObject([
    200,
    [
      { version: 2, stage: 'Staging', definitionVersion: 1, trainer: 'logistic-regression' },
      { version: 1, stage: 'Production' },
    ],
  ]);
});

it('GET /models/:model/reports lists reports, newest first, and each can be read in full', async () => {
  const older = await openChurnReport('run-1');
  const newer = await openChurnReport('run-2');
  await writeReportPart(fixture.database, newer.id, 'drift', { drifted: ['hours'] });
  await decideReport(fixture.database, newer.id, { decision: {}, summary: 'one column drifted' });
  const all = await api.send('GET', '/models/churn/reports');
  const one = await api.send('GET', '/models/churn/reports?limit=1');
  const whole = await api.send('GET', `/models/churn/reports/${newer.id}`);
  expect(all.body.reports.map(({ id }) => id)).toEqual([newer.id, older.id]);
  expect(one.body.reports).toMatchObject([
    { summary: 'one column drifted', asOf: '2024-02-29T00:00:00.000Z' },
  ]);
  expect(whole.body).toMatchObject({ id: newer.id, drift: { drifted: ['hours'] }, performance: null });
});

it.each([
  ['/models/churn/reports/999', 404, 'UNKNOWN_REPORT'],
  ['/models/churn/reports/first', 400, 'INVALID_REQUEST'],
  ['/models/churn/reports?limit=0', 400, 'INVALID_REQUEST'],
  ['/models/churn/reports?page=2', 400, 'INVALID_REQUEST'],
  ['/models/nothing', 404, 'UNKNOWN_MODEL'],
  ['/models/nothing/versions', 404, 'UNKNOWN_MODEL'],
  ['/models/nothing/reports', 404, 'UNKNOWN_MODEL'],
  ['/models/nothing/pending', 404, 'UNKNOWN_MODEL'],
])('GET %s answers %i %s', async (url, status, code) => {
  const answer = await api.send('GET', url);
  expect([answer.status, answer.body.error.code]).toEqual([status, code]);
});
