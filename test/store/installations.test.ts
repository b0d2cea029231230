// Two installations in one namespace: neither takes what belongs to the other, unless it was restored in its place.
import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { requestRetrain } from '../../activities/request-retrain.ts';
import { applyModel } from '../../operations/apply-model.ts';
import { examineInstallation } from '../../cli/commands/doctor/examine-servers.ts';
import { removeSchedule } from '../../operations/schedule.ts';
import { listModels } from '../../store/definitions/definitions.ts';
import { openDatabase } from '../../store/postgres/database.ts';
import {
  type Installation,
  readInstallation,
  recordAdoption,
  requireInstallation,
} from '../../store/registry/installation.ts';
import { ownActivities, ownRuns, refuseForeignRuns } from '../../worker/installation-memo.ts';
import { claimSchedules, ownSchedules } from '../../worker/schedule-owners.ts';
import { searchAttributes, workflowIds, workflowTypes } from '../../workflows/protocol/messages.ts';
import { eventually } from '../helpers/eventually.ts';
import { failureOf, sqlStateOf } from '../helpers/failures.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';
import { sampleModel } from '../helpers/sample-model.ts';

const MODEL = `shared_${randomUUID().slice(0, 8)}`;
const LEGACY = `legacy_${randomUUID().slice(0, 8)}`;
const taskQueue = `installations-${randomUUID()}`;

interface Place {
  readonly database: MigratedDatabase;
  readonly client: Client;
  readonly installation: Installation;
  readonly taskQueue: string;
}

let connection: Connection;
let first: Place;
let second: Place;
const definitions = new Map<Place, Awaited<ReturnType<typeof sampleModel>>['definition'][]>();

async function open(): Promise<Place> {
  const database = await migratedDatabase({ max: 4 });
  const installation = await readInstallation(database);
  const client: Client = new Client({
    connection,
    interceptors: { workflow: [ownRuns(installation, () => client)] },
  });
  const place = { database, client, installation, taskQueue };
  const made = [];
  for (const name of [MODEL, LEGACY]) {
    const sample = await sampleModel(database, name, { model: { online: { every: '1 day' } } });
    await sample.insert('spine', { user_id: 'u', at: '2024-01-15Z' });
    made.push(sample.definition);
  }
  definitions.set(place, made);
  return place;
}

beforeAll(async () => {
  connection = await Connection.connect({ address: inject('temporalAddress') });
  first = await open();
  second = await open();
});
afterAll(async () => {
  const { client } = first;
  for (const model of [MODEL, LEGACY])
    for (const id of [workflowIds.monitor(model), workflowIds.materialize(model)])
      await removeSchedule(client, id);
  for await (const run of client.workflow.list({
    query: `TaskQueue = '${taskQueue}' AND ExecutionStatus = 'Running'`,
  }))
    await client.workflow.getHandle(run.workflowId).terminate('the test is over');
  await connection.close();
  await first.database.drop();
  await second.database.drop();
});

const apply = (place: Place, at: 0 | 1) => applyModel(place, definitions.get(place)![at]!, 'ada');

/** Starts a run that no worker picks up. */
const start = (client: Client, workflowId: string, model = MODEL) =>
  client.workflow.start(workflowTypes.retrain, {
    workflowId,
    taskQueue,
    args: [{ model }],
    typedSearchAttributes: [{ key: searchAttributes.model, value: model }],
  });

/** Runs an activity of a run as a worker of that installation would. @throws if it was not admitted */
async function admitted(
  { client, database }: Place,
  workflowExecution: { workflowId: string; runId: string },
) {
  const admit = ownActivities(
    client,
    () => readInstallation(database),
    async (model) => (await listModels(database)).includes(model),
  );
  return new MockActivityEnvironment({ workflowExecution, attempt: 2 }).run(() =>
    admit.execute!({ args: [], headers: {} }, () => Promise.resolve('done')),
  );
}

test('the installation id of a database cannot be changed or deleted', async () => {
  expect(first.installation.id).not.toBe(second.installation.id);
  const { pool } = first.database;
  for (const change of [
    'update tidegate.installation set id = gen_random_uuid()',
    'delete from tidegate.installation',
  ])
    expect(await sqlStateOf(pool.query(change))).toBe('TG001');
  expect(await sqlStateOf(pool.query('insert into tidegate.installation values (gen_random_uuid())'))).toBe(
    '23505',
  );
});

test('a model of the same name cannot be applied from a second database, and nothing changes', async () => {
  await apply(first, 0);
  const before = await first.client.schedule.getHandle(workflowIds.monitor(MODEL)).describe();
  const failure = await failureOf(apply(second, 0));
  expect(failure.code).toBe('FOREIGN_INSTALLATION');
  expect(failure.message).toContain(first.installation.id);
  expect(failure.remedy).toContain(`tidegate adopt ${first.installation.id}`);
  expect(await listModels(second.database)).toEqual([]);
  const after = await first.client.schedule.getHandle(workflowIds.monitor(MODEL)).describe();
  expect(after.info.lastUpdatedAt).toEqual(before.info.lastUpdatedAt);
  await expect(apply(first, 0)).resolves.toMatchObject({ changed: false });
});

test('a schedule without an id belongs to the database that already has its model', async () => {
  await apply(first, 1);
  const handle = first.client.schedule.getHandle(workflowIds.monitor(LEGACY));
  const forget = () =>
    handle.update(({ spec, policies, state, action }) => ({
      spec,
      policies,
      state,
      action: { ...action, memo: {} },
    }));
  await forget();
  await removeSchedule(first.client, workflowIds.materialize(LEGACY));
  expect((await failureOf(apply(second, 1))).code).toBe('FOREIGN_INSTALLATION');
  await apply(first, 1);
  expect((await failureOf(apply(second, 1))).message).toContain(first.installation.id);
  // A worker claims the schedule as well.
  await forget();
  expect(await claimSchedules(first.client, LEGACY, first.installation)).toEqual([
    workflowIds.monitor(LEGACY),
  ]);
  await expect(ownSchedules(first.client, [LEGACY], taskQueue, first.installation)).resolves.toBeUndefined();
  expect((await failureOf(ownSchedules(second.client, [LEGACY], taskQueue, second.installation))).code).toBe(
    'FOREIGN_INSTALLATION',
  );
});

test('activities of another installation are put back, and those without an id go to the installation with the model', async () => {
  const run = await start(first.client, `retrain/${MODEL}`);
  const execution = { workflowId: run.workflowId, runId: run.firstExecutionRunId };
  expect(await admitted(first, execution)).toBe('done');
  await expect(admitted(second, execution)).rejects.toMatchObject({
    type: 'FOREIGN_INSTALLATION',
    nonRetryable: false,
    nextRetryDelay: 8_000,
  });
  const plain = new Client({ connection });
  const old = await start(plain, `retrain/${LEGACY}`, LEGACY);
  const from = { workflowId: old.workflowId, runId: old.firstExecutionRunId };
  expect(await admitted(first, from)).toBe('done');
  await expect(admitted(second, from)).rejects.toMatchObject({ type: 'FOREIGN_INSTALLATION' });
});

test('a retrain cannot be requested from the workflow of another installation', async () => {
  const request = {
    retrainId: 'x',
    model: MODEL,
    reportId: null,
    asOf: null,
    trigger: 'by hand',
    requestedBy: 'ada',
  };
  expect((await failureOf(requestRetrain(second, request))).code).toBe('FOREIGN_INSTALLATION');
  await expect(requestRetrain(first, request)).resolves.toBe(`retrain/${MODEL}`);
});

test('a worker and the doctor refuse a task queue with runs of another installation', async () => {
  // A run becomes visible some time after its start.
  await eventually(async () => {
    expect((await failureOf(refuseForeignRuns(second.client, taskQueue, second.installation))).code).toBe(
      'FOREIGN_INSTALLATION',
    );
  });
  await expect(refuseForeignRuns(first.client, taskQueue, first.installation)).resolves.toBeUndefined();
  const [, runs] = await examineInstallation(second.client, second.database, taskQueue);
  expect(runs).toMatchObject({ kind: 'problem', about: 'installation' });
  const own = await examineInstallation(first.client, first.database, taskQueue);
  expect(own.map(({ kind }) => kind)).toEqual(['ok', 'ok', 'ok', 'ok']);
});

test('after a restore, the installation that adopted the other takes over what belonged to it', async () => {
  await recordAdoption(second.database, first.installation.id, 'grace');
  const restored = { ...second, installation: await readInstallation(second.database) };
  await expect(refuseForeignRuns(restored.client, taskQueue, restored.installation)).resolves.toBeUndefined();
  definitions.set(restored, definitions.get(second)!);
  await expect(apply(restored, 0)).resolves.toMatchObject({ changed: true });
  // From now on the schedule belongs to the second installation, and the first is refused.
  expect((await failureOf(apply(first, 0))).message).toContain(second.installation.id);
});

test('a copy of a database is refused until a person has adopted it', async () => {
  const database = await copyOf(first);
  const { id } = await readInstallation(database);
  expect(id).toBe(first.installation.id);
  const place = { ...first, database };
  definitions.set(place, definitions.get(first)!);
  const failure = await failureOf(apply(place, 1));
  expect(failure.code).toBe('FOREIGN_INSTALLATION');
  expect(failure.remedy).toContain(`tidegate adopt ${id}`);
  await expect(requireInstallation(first.database)).resolves.toMatchObject({ id });
  await recordAdoption(database, id, 'grace');
  await expect(requireInstallation(database)).resolves.toMatchObject({ id, adopted: [] });
  await database.drop();
});

/** Copies a database as `createdb --template` does. */
async function copyOf({ database }: Place): Promise<MigratedDatabase> {
  const url = new URL(database.url);
  const original = url.pathname.slice(1);
  const copy = `${original}_copy`;
  const admin = openDatabase(inject('postgresUrl'), { max: 1 });
  // A template must have no connections.
  await admin.pool.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and pid <> pg_backend_pid()`,
    [original],
  );
  await admin.pool.query(`create database ${copy} template ${original}`);
  url.pathname = `/${copy}`;
  const opened = openDatabase(url.href, { max: 2 });
  const drop = async (): Promise<void> => {
    await opened.close();
    await admin.pool.query(`drop database ${copy} with (force)`);
    await admin.close();
  };
  return { ...opened, drop };
}
