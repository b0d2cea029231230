// Tests `tidegate retire`: everything that runs automatically for the model ends, and its records stay.
import { randomUUID } from 'node:crypto';
import { type Client } from '@temporalio/client';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { readConfig } from '../../cli/shared/config.ts';
import { Output } from '../../cli/output/output.ts';
import { buildProgram } from '../../cli/program.ts';
import { putSchedule, scheduleOptions } from '../../operations/schedule.ts';
import { type Database } from '../../store/postgres/database.ts';
import { getDefinition } from '../../store/definitions/definitions.ts';
import { readInstallation } from '../../store/registry/installation.ts';
import { materialize } from '../../store/online/materialize.ts';
import { findEvidence } from '../../store/registry/evidence.ts';
import { getRetrain } from '../../store/registry/retrains.ts';
import { listTransitions } from '../../store/registry/verify-chain.ts';
import { findVersionIn, getVersion } from '../../store/registry/versions.ts';
import { requestRetrain } from '../../activities/request-retrain.ts';
import { type MonitorInput, workflowIds, workflowTypes } from '../../workflows/protocol/messages.ts';
import { candidateModel } from '../helpers/candidates.ts';
import { eventually } from '../helpers/eventually.ts';
import { type Loop, startLoop } from '../helpers/loop.ts';
import { retrainableModel } from '../helpers/retrainable-model.ts';
import { randomOf } from '../unit/drift/frame-of.ts';

let loop: Loop;
let database: Database;
let databaseUrl: string;
let client: Client;

// The schedules must be removed, because other tests share the Temporal server.
const model = `retired_${randomUUID().slice(0, 8)}`;

beforeAll(async () => {
  // Nothing listens at this address, so the workflow of each notice stays open.
  loop = await startLoop({ webhookUrl: 'http://127.0.0.1:1/' });
  ({ database, client } = loop);
  const { rows } = await database.pool.query<{ name: string }>('select current_database() as name');
  const url = new URL(inject('postgresUrl'));
  url.pathname = `/${rows[0]?.name}`;
  databaseUrl = url.href;
});

afterAll(() => loop.stop());

async function tidegate(...args: string[]): Promise<string> {
  let said = '';
  const stdout = { write: (text: string) => (said += text) };
  const output = new Output({ stdout, stderr: { write: () => undefined } });
  const config = readConfig({ DATABASE_URL: databaseUrl, TIDEGATE_API_URL: loop.apiUrl });
  await buildProgram({ config: () => config, output }).parseAsync(args, { from: 'user' });
  return said;
}

const schedulesOf = async (): Promise<string[]> => {
  const ids: string[] = [];
  for (const id of [`monitor/${model}`, `materialize/${model}`]) {
    await client.schedule
      .getHandle(id)
      .describe()
      .then(() => ids.push(id))
      .catch(() => undefined);
  }
  return ids;
};

it('retire removes schedules, the version in Staging and online rows, and keeps history and champion', async () => {
  const candidates = await candidateModel(database, model);
  const champion = await candidates.produce();
  const staged = await candidates.stage();
  await database.pool.query(`insert into ${model}.usage (user_id, at, hours) values ('u', '2024-01-15Z', 1)`);
  const source = await getDefinition(database, model);
  const { definition } = source;
  const installation = await readInstallation(database);
  const schedule = scheduleOptions(definition, 'nobody');
  await putSchedule(client, schedule, installation);
  await putSchedule(client, { ...schedule, scheduleId: `materialize/${model}` }, installation);
  await materialize(database, { source, asOf: new Date('2024-02-01Z') });
  expect(await schedulesOf()).toHaveLength(2);

  const printed = await tidegate('retire', model, '--by', 'grace');
  expect(printed).toContain(`version ${staged} has left Staging`);
  expect(printed).toContain(`version ${champion} stays in Production`);
  expect(printed).toContain('removed the online rows of definition 1');
  expect(await schedulesOf()).toEqual([]);
  expect((await getVersion(database, model, staged)).stage).toBe('Archived');
  expect(await findVersionIn(database, model, 'Production')).toMatchObject({ version: champion });
  const { rows: moves } = await database.pool.query(
    `select actor, reason, detail from tidegate.transition where model = $1 order by id desc limit 1`,
    [model],
  );
  expect(moves).toEqual([{ actor: 'grace', reason: 'withdrawn', detail: 'the model was retired by grace' }]);
  const { rows: left } = await database.pool.query('select from tidegate.online_row where model = $1', [
    model,
  ]);
  expect(left).toEqual([]);

  // A second time there is nothing left to end.
  expect(JSON.parse(await tidegate('retire', model, '--by', 'grace', '--json'))).toEqual({
    model,
    ended: [],
    stillOpen: [],
    withdrawn: null,
    onlineRowsOf: [],
    production: champion,
  });
  await expect(tidegate('retire', 'nobody', '--by', 'grace')).rejects.toMatchObject({
    code: 'UNKNOWN_MODEL',
  });
});

it('retire cancels open runs: monitor, retrain and a release that waits for approval', async () => {
  const name = `${model}_runs`;
  const retrainable = await retrainableModel(database, name, { holdout: { share: 0.5 } });
  const random = randomOf(3);
  const at = '2024-01-15T00:00:00Z';
  await retrainable.add(
    Array.from({ length: 1_200 }, (_, index) => {
      const hours = 10 * random();
      return { user: `u${index}`, at, hours, plan: 'a', gone: random() < 1 / (1 + Math.exp(5 - hours)) };
    }),
  );
  const asOf = '2024-02-01T00:00:00Z';
  const input: MonitorInput = { model: name, asOf };
  const { monitor, retrain, release } = workflowIds;
  const startMonitor = () =>
    client.workflow.start(workflowTypes.monitor, {
      workflowId: monitor(name),
      taskQueue: loop.taskQueue,
      args: [input],
    });
  await startMonitor();
  await eventually(async () => expect(await findEvidence(database, name, 1)).toBeDefined(), {
    within: 120_000,
    every: 200,
  });
  await client.workflow.getHandle(retrain(name)).result();

  // Two more runs cannot continue, because the table that they read is locked.
  const holder = await database.pool.connect();
  try {
    await holder.query(`begin; lock table ${name}.spine`);
    await startMonitor();
    const retrainId = `${name}/by-hand`;
    const request = { retrainId, model: name, reportId: null, asOf, trigger: 'manual', requestedBy: 'grace' };
    await requestRetrain(loop, request);
    await eventually(async () => expect((await getRetrain(database, retrainId)).outcome).toBeNull());

    const retired = JSON.parse(await tidegate('retire', name, '--by', 'grace', '--json')) as {
      readonly ended: readonly string[];
    };
    expect(retired).toMatchObject({ stillOpen: [], withdrawn: 1, production: null });
    expect([...retired.ended].sort()).toEqual([monitor(name), release(name, 1), retrain(name)]);
    for (const id of retired.ended)
      expect((await client.workflow.getHandle(id).describe()).status.name, id).toBe('CANCELLED');
    expect(await getRetrain(database, retrainId)).toMatchObject({ outcome: 'cancelled' });
    expect((await listTransitions(database, name)).at(-1)).toMatchObject({
      actor: 'grace',
      to: 'Archived',
      reason: 'withdrawn',
      detail: 'the model was retired by grace',
    });
  } finally {
    await holder.query('rollback');
    holder.release();
  }

  // Notifications are still sent: that a version waits, and that three runs were cancelled.
  const notices = client.workflow.list({
    query: `TidegateModel = '${name}' and ExecutionStatus = 'Running'`,
  });
  const open = await eventually(async () => {
    const ids: string[] = [];
    for await (const { workflowId } of notices) ids.push(workflowId);
    expect(ids).toHaveLength(4);
    return ids;
  });
  for (const id of open) {
    expect(id).toMatch(/^notice\//);
    await client.workflow.getHandle(id).terminate('the test is over');
  }
});
