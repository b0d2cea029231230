// Tests the command line with real servers: migrate, apply, import, and commands on a new model.
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { fastify } from 'fastify';
import { temporalDecisionGate } from '../../api/context/decision-gate.ts';
import { type RunningServer, startServer } from '../../api/server.ts';
import { readConfig } from '../../cli/shared/config.ts';
import { Output } from '../../cli/output/output.ts';
import { buildProgram } from '../../cli/program.ts';
import { type Database, openDatabase } from '../../store/postgres/database.ts';
import { readInstallation } from '../../store/registry/installation.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';

const MODEL_FILE = new URL('../../models/churn.ts', import.meta.url).pathname;

let database: TestDatabase;
let connection: Connection;
let folder: string;
let server: RunningServer | undefined;
let opened: Database;

beforeAll(async () => {
  database = await createTestDatabase();
  connection = await Connection.connect({ address: inject('temporalAddress') });
  folder = await mkdtemp(join(tmpdir(), 'tidegate-cli-'));
  await tidegate('migrate', '--example');
  opened = openDatabase(database.url);
  const client = new Client({ connection });
  server = await startServer(
    {
      database: opened,
      gate: temporalDecisionGate(client, opened),
      operations: {
        client,
        database: opened,
        taskQueue: `cli-apply-${randomUUID()}`,
        installation: await readInstallation(opened),
      },
      logger: fastify({ logger: { level: 'silent' } }).log,
      auth: 'off',
    },
    { port: 0 },
  );
});

afterAll(async () => {
  const schedules = new Client({ connection }).schedule;
  await schedules.getHandle('monitor/churn').delete();
  await server?.close();
  await opened.close();
  await connection.close();
  await rm(folder, { recursive: true });
  await database.drop();
});

/** Runs a command and returns what it wrote to standard output. */
async function tidegate(...args: string[]): Promise<string> {
  let printed = '';
  const stdout = { write: (text: string) => (printed += text) };
  const output = new Output({ stdout, stderr: { write: () => undefined } });
  const config = readConfig({
    DATABASE_URL: database.url,
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    TIDEGATE_DATA_DIR: folder,
    ...(server && { TIDEGATE_API_URL: server.url }),
  });
  await buildProgram({ config: () => config, output }).parseAsync(args, { from: 'user' });
  return printed;
}

const answer = async <T>(...args: string[]): Promise<T> => JSON.parse(await tidegate(...args, '--json')) as T;

const schedule = () => new Client({ connection }).schedule.getHandle('monitor/churn');

describe('migrate', () => {
  it('does nothing the second time', async () => {
    expect(await answer('migrate', '--example')).toEqual({ ran: [], missingRoles: [] });
  });
});

describe('apply', () => {
  it('stores the definition once and schedules its monitor', async () => {
    const applied = await answer<{ schedule: { nextRuns: string[] } }>('apply', MODEL_FILE, '--by', 'ada');
    expect(applied).toMatchObject({ model: 'churn', version: 1, changed: true, appliedBy: 'ada' });
    expect(applied.schedule.nextRuns[0]).toMatch(/-01T00:0\d:\d\d/);
    const { action, policies } = await schedule().describe();
    expect(action).toMatchObject({ workflowType: 'monitorWorkflow', args: [{ model: 'churn' }] });
    expect(policies.overlap).toBe('SKIP');
    expect(await answer('apply', MODEL_FILE, '--by', 'eve')).toMatchObject({ version: 1, changed: false });
  });

  it('leaves a paused schedule paused', async () => {
    await tidegate('apply', MODEL_FILE);
    await schedule().pause('holidays');
    await tidegate('apply', MODEL_FILE);
    expect((await schedule().describe()).state).toMatchObject({ paused: true, note: 'holidays' });
  });

  it.each([
    ['a file that does not exist', undefined, /cannot be read/],
    ['a file that cannot be run', 'export default {', /cannot be loaded/],
    ['a file without a default export', 'export const model = {};', /has no default export/],
    ['a default export that is not a model', 'export default { name: "x" };', /entity/],
  ])('refuses %s', async (name, source, words) => {
    const file = join(folder, `${name.replaceAll(' ', '-')}.mjs`);
    if (source !== undefined) await writeFile(file, source);
    await expect(tidegate('apply', file)).rejects.toMatchObject({
      code: 'INVALID_DEFINITION',
      message: expect.stringMatching(words) as string,
    });
  });
});

describe('a view that two models share', () => {
  /** Writes a model file over the example's tables that imports a view from another file. */
  const modelFile = async (name: string): Promise<string> => {
    const file = join(folder, `${name}.mjs`);
    await writeFile(
      file,
      `import { usage } from './usage.mjs';
       export default {
         name: '${name}', entity: { name: 'user', keys: ['user_id'] }, rows: { table: 'users', timestamp: 'as_of' },
         features: [usage], derived: { log_hours: { operator: 'log1p', inputs: ['watch_hours_30d'] } },
         label: { table: 'labels', column: 'churn_label', timestamp: 'as_of' },
         monitor: { every: '1 month', window: '1 month' },
         training: { trainer: 'logistic-regression', window: '1 month' }, promotion: {},
       };`,
    );
    return file;
  };
  const removeSchedules = async (): Promise<void> => {
    for (const name of ['sharing', 'also-sharing'])
      await new Client({ connection }).schedule.getHandle(`monitor/${name}`).delete();
  };

  it('is declared once, and apply names the other models that use it', async () => {
    await writeFile(
      join(folder, 'usage.mjs'),
      `export const usage = { name: 'usage', table: 'usage_agg_30d', timestamp: 'as_of',
         columns: { watch_hours_30d: { type: 'numeric' } } };`,
    );
    expect(await tidegate('apply', await modelFile('sharing'))).not.toContain('shared');
    expect(await tidegate('apply', await modelFile('also-sharing'))).toContain(
      'view usage is shared with sharing',
    );
    expect(await answer('apply', await modelFile('sharing'))).toMatchObject({
      changed: false,
      sharedViews: [
        { view: 'usage', uses: [{ model: 'also-sharing', definitionVersion: 1, differences: [] }] },
      ],
    });
    await removeSchedules();
  });
});

describe('commands on a model that has not run', () => {
  it('report its state', async () => {
    await tidegate('apply', MODEL_FILE, '--by', 'ada');
    expect(await answer('status', 'churn')).toMatchObject({
      models: [
        { model: 'churn', definition: { version: 1 }, production: null, staging: null, pending: null },
      ],
    });
    expect(await answer('runs', 'churn')).toEqual({ model: 'churn', reports: [], retrains: [] });
    expect(await answer('versions', 'churn')).toEqual({ model: 'churn', versions: [] });
    expect(await tidegate('status')).toContain('production   none');
  });

  it.each([
    [['report', 'churn'], 'UNKNOWN_REPORT'],
    [['report', 'churn', '7'], 'UNKNOWN_REPORT'],
    [['approve', 'churn'], 'NOTHING_PENDING'],
    [['approve', 'churn', '3'], 'UNKNOWN_VERSION'],
    [['reject', 'churn', 'v3'], 'UNKNOWN_VERSION'],
    [['monitor', 'churn'], 'EMPTY_WINDOW'],
    [['materialize', 'churn'], 'EMPTY_WINDOW'],
    [['status', 'nothing'], 'UNKNOWN_MODEL'],
    [['monitor', 'nothing'], 'UNKNOWN_MODEL'],
    [['retrain', 'nothing'], 'UNKNOWN_MODEL'],
    [['rollback', 'nothing', '--reason', 'x'], 'UNKNOWN_MODEL'],
    [['predict', 'churn'], 'INVALID_REQUEST'],
  ])('%j fails with %s', async (args, code) => {
    await tidegate('apply', MODEL_FILE, '--by', 'ada');
    await expect(tidegate(...args)).rejects.toMatchObject({ code });
  });
});

describe('import', () => {
  it('imports nothing from a folder with a single wrong cell', async () => {
    const month = await mkdtemp(join(folder, 'month-'));
    await writeFile(join(month, 'labels.csv'), 'user_id,churn_label\nu1,True\nu2,perhaps\n');
    await expect(tidegate('import', month, '--as-of', '2024-01-31')).rejects.toMatchObject({
      code: 'IMPORT_REJECTED',
      places: [{ at: expect.stringContaining('labels.csv:3') as string }],
    });
    await writeFile(join(month, 'labels.csv'), 'user_id,churn_label\nu1,True\nu2,False\n');
    const tables = [{ table: 'labels', file: 'labels.csv', rows: 2, inserted: 2, changed: 0, unchanged: 0 }];
    expect(await answer('import', month, '--as-of', '2024-01-31', '--dry-run')).toMatchObject({
      dryRun: true,
      tables,
    });
    expect(await answer('import', month, '--as-of', '2024-01-31')).toMatchObject({ dryRun: false, tables });
  });

  it('makes a table of events only if asked to, and refuses a row dated in the future', async () => {
    const file = join(folder, 'payments.csv');
    const call = ['import', file, '--as-of-column', 'paid_at', '--create', '--key', 'user_id'] as const;
    await writeFile(file, 'user_id,paid_at,fee\nu1,2024-01-31,5\nu1,2099-01-01,5\n');
    await expect(tidegate(...call)).rejects.toMatchObject({ code: 'CREATE_NOT_CONFIRMED' });
    await expect(tidegate(...call, '--yes')).rejects.toMatchObject({
      code: 'IMPORT_REJECTED',
      places: [{ at: 'payments.csv:3 paid_at', problem: expect.stringContaining('--future') as string }],
    });
    expect(await answer(...call, '--yes', '--future')).toMatchObject({
      asOf: null,
      created: [{ table: 'public.payments' }],
      tables: [{ inserted: 2, asOfColumn: 'paid_at' }],
    });
    expect(await answer(...call, '--future')).toMatchObject({ created: [], tables: [{ unchanged: 2 }] });
  });
});

describe('servers that do not answer', () => {
  const adopt = ['adopt', '0b9f6c0e-5f0a-4c39-8a63-0f8f0e0b7c55', '--by', 'grace'];
  const call = (env: NodeJS.ProcessEnv, args = adopt): Promise<unknown> => {
    const silent = { write: () => undefined };
    const config = readConfig({ DATABASE_URL: database.url, TIDEGATE_DATA_DIR: folder, ...env });
    const program = buildProgram({
      config: () => config,
      output: new Output({ stdout: silent, stderr: silent }),
    });
    return program.parseAsync(args, { from: 'user' });
  };

  it('are named with their address', async () => {
    await expect(
      call({ DATABASE_URL: 'postgres://127.0.0.1:1/x', TEMPORAL_ADDRESS: '127.0.0.1:1' }),
    ).rejects.toMatchObject({
      code: 'DATABASE_UNREACHABLE',
      message: expect.stringContaining('127.0.0.1:1/x') as string,
    });
    await expect(call({ TEMPORAL_ADDRESS: '127.0.0.1:1' })).rejects.toMatchObject({
      code: 'TEMPORAL_UNREACHABLE',
      message: expect.stringContaining('127.0.0.1:1') as string,
    });
  });

  it('include the API: the error names its address', async () => {
    const calling = call({ TIDEGATE_API_URL: 'http://127.0.0.1:1' }, ['retrain', 'churn']);
    await expect(calling).rejects.toMatchObject({
      code: 'NOT_READY',
      message: 'the API at http://127.0.0.1:1 did not answer',
    });
  });

  it('must be configured: the error names TEMPORAL_ADDRESS', async () => {
    await expect(call({})).rejects.toMatchObject({
      code: 'NOT_READY',
      message: expect.stringContaining('TEMPORAL_ADDRESS') as string,
    });
  });
});
