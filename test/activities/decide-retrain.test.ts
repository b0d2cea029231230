// The retrain decision on real reports: windows that wait for labels are found again when the labels have arrived.
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { type Client } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Activities, createActivities } from '../../activities/index.ts';
import { type RetrainDecided } from '../../activities/decide.ts';
import { applyDefinition } from '../../store/definitions/definitions.ts';
import { getReport, listReports, reportBefore } from '../../store/registry/reports.ts';
import { tamper } from '../helpers/tamper.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';
import { type SampleModel, sampleModel } from '../helpers/sample-model.ts';

let database: MigratedDatabase;
let activities: Activities;

beforeAll(async () => {
  database = await migratedDatabase();
  activities = createActivities({ database, client: {} as Client, taskQueue: 'none' });
});
afterAll(() => database.drop());

let runs = 0;
/** Runs all steps of a monitor run on a window. */
async function monitored(model: string, day: string): Promise<RetrainDecided & { reportId: number }> {
  runs += 1;
  const environment = new MockActivityEnvironment(
    { workflowExecution: { workflowId: `monitor/${model}`, runId: `${runs}` } },
    { logger: new DefaultLogger('ERROR') },
  );
  const run = <T>(step: () => Promise<T>): Promise<T> => environment.run<[], T, () => Promise<T>>(step);
  const { reportId } = await run(() => activities.freezeWindow({ model, asOf: `${day}T00:00:00Z` }));
  await run(() => activities.checkQuality({ reportId }));
  await run(() => activities.measureDrift({ reportId }));
  await run(() => activities.measurePerformance({ reportId }));
  return { ...(await run(() => activities.decideRetrain({ reportId }))), reportId };
}

const users = (at: string, more: object = {}) =>
  Array.from({ length: 40 }, (_, user) => ({ user_id: `u${user}`, at, ...more }));

async function waitingModel(name: string): Promise<SampleModel> {
  const sample = await sampleModel(database, name, { model: { retrain: { minLabels: 20 } } });
  await applyDefinition(database, sample.definition, 'ada');
  for (const day of ['2024-01-31Z', '2024-02-29Z', '2024-03-31Z']) {
    await sample.insert('spine', ...users(day));
    await sample.insert('usage', ...users(day, { hours: 1, plan: 'a' }));
  }
  return sample;
}

test('a window whose labels arrive later is checked again by the next run and then leads to its retrain', async () => {
  const sample = await waitingModel('late');
  const january = await monitored('late', '2024-01-31');
  expect(january).toMatchObject({ outcome: 'waiting for labels', retrain: false, lookAgain: null });

  const february = await monitored('late', '2024-02-29');
  expect(february).toMatchObject({ outcome: 'waiting for labels', lookAgain: null });
  const rules = (await getReport(database, february.reportId)).decision?.rules;
  expect(rules?.find(({ name }) => name === 'labels came')).toMatchObject({
    held: false,
    value: 0,
    bound: 20,
  });

  await sample.insert('outcome', ...users('2024-01-31Z', { loaded_at: '2024-03-05Z', gone: false }));
  const march = await monitored('late', '2024-03-31');
  expect(march).toMatchObject({
    outcome: 'waiting for labels',
    lookAgain: { reportId: january.reportId, asOf: '2024-01-31T00:00:00.000Z' },
  });

  const again = await monitored('late', '2024-01-31');
  expect(again).toMatchObject({ outcome: 'bootstrap', retrain: true, lookAgain: null });
  // Windows that waited before that retrain are settled by it.
  expect(await monitored('late', '2024-03-31')).toMatchObject({ lookAgain: null });
});

test('labels that are not known yet or are held out do not count as labels to learn from', async () => {
  const sample = await waitingModel('unknown');
  await monitored('unknown', '2024-01-31');
  const later = new Date(Date.now() + 86_400_000).toISOString();
  await sample.insert('outcome', ...users('2024-01-31Z', { loaded_at: later, gone: true }));
  const { reportId, lookAgain } = await monitored('unknown', '2024-02-29');
  expect(lookAgain).toBeNull();
  const { decision } = await getReport(database, reportId);
  expect(decision?.rules.find(({ name }) => name === 'labels came')).toMatchObject({ value: 0 });

  await sample.insert('outcome', ...users('2024-01-31Z', { loaded_at: '2024-03-05Z', gone: true }));
  const { decision: after } = await getReport(database, (await monitored('unknown', '2024-02-29')).reportId);
  const counted = Number(after?.rules.find(({ name }) => name === 'labels came')?.value);
  const { rows } = await database.pool.query<{ held: number }>(
    `select holdout_rows as held from tidegate.dataset where model = 'unknown' order by id limit 1`,
  );
  expect(counted).toBe(40 - rows[0]!.held);
  expect(rows[0]!.held).toBeGreaterThan(0);
});

test('reports in older formats are read, listed and compared with', async () => {
  await waitingModel('older');
  const { reportId } = await monitored('older', '2024-01-31');
  await tamper(
    database,
    `update tidegate.report set
       quality = '{"contracts": [{"column": "hours", "rows": 40, "missing": 1, "violations": 2, "words": "2 of 40 rows are not finite"}]}',
       performance = '{"measured": true, "championVersion": 1, "realised": {"rows": 9, "positives": 4, "negatives": 5,
         "positiveClusters": 4, "negativeClusters": 5, "clusters": 9, "auc": null, "brier": 0.2, "logLoss": 0.6, "ece": 0.1,
         "eceBinning": "10 equal-count bins"}}',
       decision = '{"rulesVersion": "retrain/1", "retrain": false, "outcome": "none", "reason": "none", "rules": []}'
     where id = $1`,
    [reportId],
  );
  const expected = {
    quality: {
      version: 1,
      findings: [],
      contracts: [{ column: 'hours', held: false, rows: 39, violations: 2 }],
    },
    performance: { realised: { auc: null, rows: 9 } },
    decision: { rulesVersion: 'retrain/1' },
  };
  expect(await getReport(database, reportId)).toMatchObject(expected);
  expect(await listReports(database, 'older')).toMatchObject([expected]);
  const next = await monitored('older', '2024-02-29');
  expect(await reportBefore(database, await getReport(database, next.reportId))).toMatchObject(expected);
});

test('a window that was refused before training does not start the cooldown that a refused candidate starts', async () => {
  const sample = await sampleModel(database, 'leaked', { model: { retrain: { minLabels: 20 } } });
  await applyDefinition(database, sample.definition, 'ada');
  for (const day of ['2024-01-31Z', '2024-02-29Z']) {
    await sample.insert('spine', ...users(day));
    await sample.insert('usage', ...users(day, { hours: 1, plan: 'a' }));
    await sample.insert('outcome', ...users(day, { loaded_at: day, gone: false }));
  }
  await database.pool.query(
    `insert into tidegate.retrain (id, model, trigger, requested_by, workflow_id, run_id, outcome, finished_at)
     values ('leaked/1', 'leaked', 'bootstrap', 'ada', 'w', 'r', 'refused', now())`,
  );
  expect(await monitored('leaked', '2024-01-31')).toMatchObject({ outcome: 'bootstrap', retrain: true });
  await tamper(database, `update tidegate.retrain set candidate_version = 1 where id = 'leaked/1'`);
  expect(await monitored('leaked', '2024-02-29')).toMatchObject({ outcome: 'cooling down', retrain: false });
});
