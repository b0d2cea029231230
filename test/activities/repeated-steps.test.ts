// Steps that are retried after something has changed between two attempts.
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { type Client } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Activities, createActivities } from '../../activities/index.ts';
import { freezeWindow } from '../../store/datasets/freeze.ts';
import { applyDefinition } from '../../store/definitions/definitions.ts';
import { getReport } from '../../store/registry/reports.ts';
import { getVersion } from '../../store/registry/versions.ts';
import { candidateModel } from '../helpers/candidates.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';
import { sampleDefinition, sampleModel } from '../helpers/sample-model.ts';

const RUN = { workflowId: 'monitor/test', runId: 'run-1' };

let database: MigratedDatabase;
let activities: Activities;

beforeAll(async () => {
  database = await migratedDatabase();
  // The steps below start no other run.
  activities = createActivities({ database, client: {} as Client, taskQueue: 'none' });
});
afterAll(() => database.drop());

const run = <T>(step: () => Promise<T>): Promise<T> => {
  const environment = new MockActivityEnvironment(
    { workflowExecution: RUN },
    { logger: new DefaultLogger('ERROR') },
  );
  return environment.run<[], T, () => Promise<T>>(step);
};

test('a report names the definition that its rows were frozen by, even if another was applied between two attempts', async () => {
  const sample = await sampleModel(database, 'applied_between');
  await sample.insert('spine', { user_id: 'u', at: '2024-01-15Z' });
  const { version } = await applyDefinition(database, sample.definition, 'ada');
  // The state after an attempt that was lost before it opened the report.
  await freezeWindow(database, {
    request: `${RUN.workflowId}/${RUN.runId}/report`,
    definition: sample.definition,
    definitionVersion: version,
    window: { from: new Date('2024-01-01Z'), to: new Date('2024-02-01Z') },
  });
  const changed = sampleDefinition('applied_between', { model: { drift: { share: 0.5 } } });
  expect(await applyDefinition(database, changed, 'ada')).toMatchObject({ version: 2, changed: true });

  const step = () => activities.freezeWindow({ model: 'applied_between', asOf: '2024-02-01T00:00:00Z' });
  const { reportId } = await run(step);
  expect(await getReport(database, reportId)).toMatchObject({ definitionVersion: 1 });
});

test('a retrain that gives up archives the candidate it leaves in None', async () => {
  const { register } = await candidateModel(database, 'given_up');
  const version = await register();
  await run(() => activities.archiveCandidate(givenUp('given_up')));
  expect(await getVersion(database, 'given_up', version)).toMatchObject({ stage: 'Archived' });
});

test('a retrain that gives up leaves a candidate that reached Staging to its release', async () => {
  const { stage } = await candidateModel(database, 'handed_over');
  const version = await stage();
  await run(() => activities.archiveCandidate(givenUp('handed_over')));
  expect(await getVersion(database, 'handed_over', version)).toMatchObject({ stage: 'Staging' });
});

const givenUp = (model: string) => ({
  model,
  retrainId: `${model}/1`,
  reason: 'failed',
  detail: 'the database was away',
});
