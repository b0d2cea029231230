// Clients of other servers from PyPI, unmodified: mlflow, tritonclient, kserve, and the types of MLServer.
//
// `npm run test:clients` runs them. It installs them into a temporary folder, which takes minutes; TIDEGATE_CLIENTS_FOLDER names
// a folder to keep instead.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ModelFixture, sigmoid, startTestApi, type TestApi } from '../api/fixture.ts';

/** The packages of each client. Their dependencies exclude each other, so each has an environment of its own. */
const PACKAGES = {
  mlflow: ['mlflow==3.17.2'],
  triton: ['tritonclient[http]==2.73.0'],
  kserve: ['kserve==0.21.0'],
  mlserver: ['mlserver==1.7.1', 'requests==2.34.2'],
} as const;

const isRequired = process.env['TIDEGATE_TEST_CLIENTS'] === 'required';
const run = promisify(execFile);

describe.skipIf(!isRequired)('clients from PyPI', () => {
  let folder: string;
  let fixture: ModelFixture;
  let api: TestApi;
  let open: TestApi;
  const urls = { open: '', keyed: '' };

  beforeAll(async () => {
    folder = process.env['TIDEGATE_CLIENTS_FOLDER'] ?? (await mkdtemp(join(tmpdir(), 'tidegate-clients-')));
    fixture = await ModelFixture.create();
    await fixture.release(0);
    await fixture.addOnlineRow('7', { hours: 20, tickets: 1, plan: 'basic', paid: 'true' });
    api = await startTestApi(fixture.database);
    open = await startTestApi(fixture.database, 'open', undefined, undefined, undefined, 'off');
    for (const { app } of [api, open]) await app.listen({ host: '127.0.0.1', port: 0 });
    const portOf = ({ app }: TestApi): number => (app.server.address() as AddressInfo).port;
    urls.keyed = `http://127.0.0.1:${portOf(api)}`;
    urls.open = `http://127.0.0.1:${portOf(open)}`;
  });

  afterAll(async () => {
    await api.close();
    await open.close();
    await fixture.drop();
    if (process.env['TIDEGATE_CLIENTS_FOLDER'] === undefined)
      await rm(folder, { recursive: true, force: true });
  });

  /** Runs the script of a client, and returns what it prints. */
  async function ask(client: keyof typeof PACKAGES, ...args: string[]): Promise<Record<string, unknown>> {
    const environment = join(folder, client);
    const python = join(environment, 'bin', 'python');
    if (!existsSync(python)) {
      await run('python3', ['-m', 'venv', environment]);
      await run(python, ['-m', 'pip', 'install', '--quiet', ...PACKAGES[client]], { timeout: 600_000 });
    }
    const script = fileURLToPath(new URL(`${client}_client.py`, import.meta.url));
    const { stdout } = await run(python, [script, ...args], { timeout: 120_000 });
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Record<string, unknown>;
  }

  const first = sigmoid(1.15);

  it('the scoring client and the deployments client of mlflow', { timeout: 900_000 }, async () => {
    expect(await ask('mlflow', urls.open, urls.keyed, api.key)).toEqual({
      scoring: [first, 0.5],
      labels: [1, 1],
      version: expect.stringMatching(/^\d+\.\d+/) as string,
      refused: expect.stringContaining('hours: the rows do not have this column') as string,
      deployments: [first],
      unknown: expect.stringContaining('nobody') as string,
      csv: [first, 0.5],
      parquet: [first, 0.5],
    });
  });

  it('the client of Triton, with binary tensors by default', { timeout: 900_000 }, async () => {
    const both = [first, sigmoid(0.2)];
    expect(await ask('triton', urls.keyed, api.key)).toEqual({
      live: true,
      ready: true,
      model_ready: true,
      unknown_ready: false,
      extensions: ['binary_tensor_data'],
      inputs: ['hours', 'tickets', 'plan', 'paid'],
      id: 'id-1',
      label: [1, 1],
      binary: both,
      json: both,
      column: both.map((score) => [score]),
      gzip: both,
      deflate: both,
      version: both,
      entity: [sigmoid(2)],
      missing: [sigmoid(1), sigmoid(0.15)],
      only: ['label'],
      async: both,
      refused: ['400', expect.stringContaining('hours: the rows do not have this column')],
    });
  });

  it('the REST client of KServe', { timeout: 900_000 }, async () => {
    const both = [first, sigmoid(0.2)];
    expect(await ask('kserve', urls.keyed, api.key)).toEqual({
      live: true,
      ready: true,
      model_ready: true,
      json: both,
      binary: both,
      id: 'id-1',
      unknown: expect.stringContaining('nobody') as string,
    });
  });

  it('the types and codecs of MLServer', { timeout: 900_000 }, async () => {
    const both = [first, sigmoid(0.2)];
    expect(await ask('mlserver', urls.keyed, api.key)).toEqual({
      nulls: both,
      no_nulls: both,
      inputs: ['hours', 'tickets', 'plan', 'paid'],
      server: 'tidegate',
    });
  });
});
