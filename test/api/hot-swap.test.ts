import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../helpers/eventually.ts';
import { ModelFixture, sigmoid, startTestApi, type TestApi } from './fixture.ts';

let fixture: ModelFixture;
let api: TestApi;

const features = { hours: 0, plan: 'basic' };
const predict = (payload: object = { features }) => api.send('POST', '/models/churn/predict', payload);

beforeAll(async () => {
  fixture = await ModelFixture.create();
  await fixture.release(0);
  await fixture.addDefinition(2);
  await fixture.addOnlineRow('u1', features, 1);
  await fixture.addOnlineRow('u1', { ...features, hours: 10 }, 2);
  api = await startTestApi(fixture.database);
});

afterAll(async () => {
  await api.close();
  await fixture.drop();
});

describe('a promotion', () => {
  it('takes effect without a restart, and no running request fails or mixes versions', async () => {
    const answers: { status: number; version: number; scores: number[] }[] = [];
    let stop = false;
    const client = async (payload: object): Promise<void> => {
      while (!stop) {
        const { status, body } = await predict(payload);
        const scores = body.predictions.map(({ score }) => score);
        answers.push({ status, version: body.version, scores });
        await turn();
      }
    };
    const byKey = { keys: [{ user_id: 'u1' }, { user_id: 'u1' }] };
    const clients = [
      client({ features }),
      client(byKey),
      client(byKey),
      client({ rows: [features, features] }),
    ];
    const second = await fixture.register(3, 2);
    await eventually(() => expect(answers.length).toBeGreaterThan(100));
    await fixture.promote(second, 1);
    await eventually(() =>
      expect(answers.filter(({ version }) => version === 2).length).toBeGreaterThan(100),
    );
    stop = true;
    await Promise.all(clients);

    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    expect(new Set(answers.map(({ version }) => version))).toEqual(new Set([1, 2]));
    // Version 2 reads the rows of its own definition, where the entity has 10 hours.
    const allowed = { 1: [sigmoid(0)], 2: [sigmoid(3), sigmoid(4)] } as Record<number, number[]>;
    for (const { version, scores } of answers) {
      expect(allowed[version]).toEqual(expect.arrayContaining(scores));
      expect(new Set(scores).size).toBe(1);
    }
  });

  it('is noticed by polling if no notification arrives', async () => {
    const version = await fixture.register(5);
    // A transaction like one of logical replication, in which the trigger that notifies does not run.
    await fixture.stage(version);
    const client = await fixture.database.pool.connect();
    await client.query(`
      set session_replication_role = replica;
      update tidegate.version set stage = 'Archived' where version = 2;
      update tidegate.version set stage = 'Production' where version = ${version};
      set session_replication_role = default`);
    client.release();
    await eventually(async () => expect((await predict()).body.version).toBe(version));
  });
});

describe('a version whose artifact changed in the database', () => {
  it('is not served: the previous version keeps answering, and the failure is visible', async () => {
    const before = (await predict()).body.version;
    const version = await fixture.register(7);
    await fixture.corrupt(version);
    await fixture.promote(version, before);

    const held = await eventually(async () => {
      const { body } = await api.send('GET', '/models/churn');
      const { production, instances } = body;
      expect(production).toBe(version);
      expect(instances.find((each) => each.version === version)).toMatchObject({
        state: 'failed',
        problem: `the artifact of churn version ${version} differs from its digest`,
      });
      return instances;
    });
    expect(held).toContainEqual(expect.objectContaining({ version: before, state: 'serving' }));
    expect((await predict()).body.version).toBe(before);
    const ready = await api.send('GET', '/serving');
    expect([ready.status, ready.body.problems]).toEqual([
      200,
      [expect.stringContaining('differs from its digest')],
    ]);
  });

  it('keeps a process that has no other version from being ready or answering', async () => {
    const fresh = await startTestApi(fixture.database, 'fresh-instance');
    const ready = await fresh.send('GET', '/readyz');
    const answer = await fresh.send('POST', '/models/churn/predict', { features });
    await fresh.close();
    expect([ready.status, ready.body.error.code]).toEqual([503, 'NOT_READY']);
    expect(ready.body.error.places).toEqual([{ at: 'models', problem: 'not all are loaded' }]);
    expect([answer.status, answer.body.error.code]).toEqual([503, 'NOT_READY']);
  });
});

it('an instance that stops leaves no row behind', async () => {
  const passing = await startTestApi(fixture.database, 'passing-instance');
  const find = () =>
    fixture.database.kysely
      .selectFrom('tidegate.instance')
      .select('id')
      .where('id', '=', 'passing-instance')
      .execute();
  expect(await find()).toHaveLength(1);
  await passing.close();
  expect(await find()).toHaveLength(0);
});

it('an instance whose row was deleted inserts it again with all of its versions', async () => {
  const states = () =>
    fixture.database.kysely
      .selectFrom('tidegate.instance_version')
      .select(['version', 'state'])
      .where('instance', '=', 'test-instance')
      .orderBy('version')
      .execute();
  const before = await states();
  await fixture.database.kysely.deleteFrom('tidegate.instance').where('id', '=', 'test-instance').execute();
  await eventually(async () => expect(await states()).toEqual(before));
});

it('swaps again after the listening connection was lost', async () => {
  await fixture.database.pool.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where application_name = 'tidegate-listen' and datname = current_database()`,
  );
  const { production } = (await api.send('GET', '/models/churn')).body;
  const version = await fixture.release(9, production);
  await eventually(async () => expect((await predict()).body.version).toBe(version));
  await eventually(async () => {
    const { rows } = await fixture.database.pool.query(
      `select from pg_stat_activity where application_name = 'tidegate-listen' and datname = current_database()`,
    );
    expect(rows).toHaveLength(1);
  });
});
