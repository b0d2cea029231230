// Releases stay usable: their migrations have not changed, and this revision can use their data.
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { MockActivityEnvironment } from '@temporalio/testing';
import { type Client } from '@temporalio/client';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createActivities } from '../../activities/index.ts';
import { buildApp } from '../../api/app.ts';
import { Serving } from '../../api/serving/serving.ts';
import { tidegateMigrations } from '../../migrations/tidegate/index.ts';
import { type Database, openDatabase } from '../../store/postgres/database.ts';
import { getDataset } from '../../store/registry/dataset.ts';
import { verifyDataset } from '../../store/datasets/verify.ts';
import { migrate } from '../../store/postgres/migrate.ts';
import { verifyLog } from '../../store/audit/verify-log.ts';
import { checkChain } from '../../store/registry/verify-chain.ts';
import { FakeGate } from '../api/fixture.ts';
import { createTestDatabase } from '../helpers/database.ts';
import { schemaSnapshot } from '../helpers/schema-snapshot.ts';

const RELEASES = new URL('../fixtures/releases/', import.meta.url);
const dumps = (await readdir(RELEASES)).filter((name) => name.endsWith('.sql'));

const drops: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const drop of drops) await drop();
});

async function emptyDatabase(): Promise<Database> {
  const created = await createTestDatabase();
  const database = openDatabase(created.url, { max: 4 });
  drops.push(async () => {
    await database.close();
    await created.drop();
  });
  return database;
}

test('released migrations have not changed, and none was inserted before them', async () => {
  const released = JSON.parse(await readFile(new URL('migrations.json', RELEASES), 'utf8')) as {
    name: string;
    sha256: string;
  }[];
  expect(released.length).toBeGreaterThanOrEqual(17);
  const names = Object.keys(tidegateMigrations.migrations);
  expect(names.slice(0, released.length)).toEqual(released.map(({ name }) => name));
  for (const { name, sha256 } of released) {
    const text = await readFile(new URL(`../../migrations/tidegate/${name}.ts`, import.meta.url));
    expect(createHash('sha256').update(text).digest('hex'), `${name} was released and must not change`).toBe(
      sha256,
    );
  }
});

test('migrations run in the order of their numbers', () => {
  const names = Object.keys(tidegateMigrations.migrations);
  expect(names).toEqual(names.toSorted());
  expect(new Set(names.map((name) => name.slice(0, 4))).size).toBe(names.length);
});

describe.each(dumps)('the data of %s', (dump) => {
  let database: Database;
  let app: Awaited<ReturnType<typeof buildApp>>;
  const model = 'viewers';

  beforeAll(async () => {
    database = await emptyDatabase();
    await database.pool.query(await readFile(new URL(dump, RELEASES), 'utf8'));
    await migrate(database, tidegateMigrations);
    const logger = pino({ level: 'silent' });
    const serving = new Serving({ database, logger, instanceId: 'opened' });
    app = await buildApp({
      database,
      serving,
      gate: new FakeGate(),
      logger,
      auth: 'off',
      publicUrl: 'http://localhost',
    });
  });
  afterAll(() => app.close());

  const get = async (url: string): Promise<unknown> => {
    const response = await app.inject({ method: 'GET', url });
    expect(response.statusCode, response.body).toBe(200);
    return response.json();
  };

  const run = <T>(step: (steps: ReturnType<typeof createActivities>) => Promise<T>): Promise<T> => {
    const steps = createActivities({ database, client: {} as Client, taskQueue: 'none' });
    const environment = new MockActivityEnvironment({
      workflowExecution: { workflowId: `release/${model}/2`, runId: 'opened' },
    });
    return environment.run<[], T, () => Promise<T>>(() => step(steps));
  };

  test('is migrated to the schema of a new database', async () => {
    const fresh = await emptyDatabase();
    await migrate(fresh, tidegateMigrations);
    expect(await schemaSnapshot(database)).toEqual(await schemaSnapshot(fresh));
  });

  test('is intact: chain, datasets, cards, reports', async () => {
    expect((await checkChain(database, model)).broken).toBeNull();
    const log = await verifyLog(database);
    expect(log.problems).toEqual([]);
    expect(log.events).toBeGreaterThan(log.moves);
    const { rows } = await database.pool.query<{ id: number }>('select id from tidegate.dataset');
    for (const { id } of rows) await verifyDataset(database, await getDataset(database, id));
    expect(rows).toHaveLength(4);
    for (const version of [1, 2]) await get(`/models/${model}/versions/${version}/card`);
    await get(`/models/${model}/reports`);
  });

  test('is used for predictions by the stored version, by key and by features', async () => {
    for (const payload of [{ keys: [{ user_id: 'u1' }] }, { rows: [{ hours: 9, plan: 'basic' }] }]) {
      const response = await app.inject({
        method: 'POST',
        url: `/models/${model}/predict`,
        payload,
      });
      expect(response.statusCode, response.body).toBe(200);
      expect(response.json()).toMatchObject({ version: 1 });
    }
  });

  test('can be continued: the waiting version is approved and promoted, and the next window is measured', async () => {
    const { version, evidenceDigest } = (await get(`/models/${model}/pending`)) as {
      version: number;
      evidenceDigest: string;
    };
    const message = {
      version,
      evidenceDigest,
      decision: 'approve',
      comment: '',
      decidedBy: 'grace',
    } as const;
    const subject = { model, version };
    expect(
      await run((steps) =>
        steps.verifyDecision({ ...subject, request: 'opened', channel: 'update', message }),
      ),
    ).toEqual({ accepted: true, decision: 'approve' });
    await run((steps) => steps.promote(subject));
    expect((await checkChain(database, model)).broken).toBeNull();
    expect((await verifyLog(database)).problems).toEqual([]);
    const { outcome } = await run(async (steps) => {
      const report = await steps.freezeWindow({ model, asOf: '2024-02-29T00:00:00Z' });
      await steps.checkQuality(report);
      await steps.measureDrift(report);
      await steps.measurePerformance(report);
      return steps.decideRetrain(report);
    });
    expect(outcome).toBe('nothing new');
  });
});
