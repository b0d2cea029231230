// Keys, roles and accounts: through the API, and through the commands that send its requests.
import { mkdtemp, readFile, rm, stat, chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningServer, startServer } from '../../api/server.ts';
import { readLocalKey, writeLocalKey } from '../../cli/local/local-key.ts';
import { Output } from '../../cli/output/output.ts';
import { buildProgram } from '../../cli/program.ts';
import { readConfig } from '../../cli/shared/config.ts';
import { type Role } from '../../domain/identity/roles.ts';
import { createFirstAdmin, hasAdmin } from '../../store/identity/first-admin.ts';
import { eventually } from '../helpers/eventually.ts';
import { FakeGate, ModelFixture, silent, startTestApi, type TestApi } from './fixture.ts';

let fixture: ModelFixture;
let server: RunningServer;
let folder: string;
/** The key that commands send. */
let key = '';

beforeAll(async () => {
  fixture = await ModelFixture.create();
  await fixture.release(0);
  folder = await mkdtemp(join(tmpdir(), 'tidegate-keys-'));
  server = await startServer(
    { database: fixture.database, gate: new FakeGate(), logger: silent, auth: 'on' },
    { port: 0 },
  );
});

afterAll(async () => {
  await server.close();
  await fixture.drop();
  await rm(folder, { recursive: true });
});

/** Runs a command and returns what it printed as JSON. */
async function run<T = Record<string, unknown>>(...args: string[]): Promise<T> {
  let printed = '';
  const stream = { write: (text: string) => (printed += text) };
  const nowhere = { write: () => undefined };
  const config = () =>
    readConfig({
      DATABASE_URL: fixture.database.url,
      TIDEGATE_API_URL: server.url,
      TIDEGATE_API_KEY: key,
      TIDEGATE_DATA_DIR: folder,
    });
  const program = buildProgram({ config, output: new Output({ stdout: stream, stderr: nowhere }) });
  await program.parseAsync([...args, '--json'], { from: 'user' });
  return JSON.parse(printed) as T;
}

interface Made {
  readonly id: string;
  readonly key: string;
}

const ask = async (path: string, secret: string): Promise<number> =>
  (await fetch(server.url + path, { headers: { authorization: `Bearer ${secret}` } })).status;

describe('the commands of keys and roles', () => {
  it('make the first admin on the server, once', async () => {
    expect(await hasAdmin(fixture.database)).toBe(false);
    const first = await run<Made>('key', 'create', 'grace', '--first-admin');
    await expect(run('key', 'create', 'mallory', '--first-admin')).rejects.toMatchObject({
      code: 'ADMIN_EXISTS',
    });
    key = first.key;
    expect(await ask('/keys', key)).toBe(200);
  });

  it('make a key of a new person, list it without its secret, and revoke it', async () => {
    await expect(run('key', 'create', 'ada', '--role', 'approver')).rejects.toMatchObject({
      code: 'UNKNOWN_PERSON',
    });
    const made = await run<Made>('key', 'create', 'ada', '--role', 'approver', '--new-person', '--days', '7');
    expect(await ask('/models', made.key)).toBe(200);
    expect(await ask('/keys', made.key)).toBe(403);
    const { keys } = await run<{ keys: { id: string; account: string; roles: Role[] }[] }>('key', 'list');
    expect(keys.find(({ id }) => id === made.id)).toMatchObject({ account: 'ada', roles: ['approver'] });
    expect(JSON.stringify(keys)).not.toContain(made.key.slice(17));
    await run('key', 'revoke', `tgk_${made.id}`);
    await eventually(async () => expect(await ask('/models', made.key)).toBe(401));
    const left = await run<{ keys: { id: string }[] }>('key', 'list');
    expect(left.keys.map(({ id }) => id)).not.toContain(made.id);
  });

  it('make a service account with an owner, which stops when the owner is disabled', async () => {
    const options = ['--role', 'predictor', '--model', 'churn', '--service-of', 'ada'];
    const shop = await run<Made>('key', 'create', 'web shop', ...options);
    await expect(
      run('key', 'create', 'robot', '--role', 'viewer', '--service-of', 'web shop'),
    ).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringContaining('cannot own') as string,
    });
    const predict = async () => {
      const headers = { authorization: `Bearer ${shop.key}`, 'content-type': 'application/json' };
      const body = JSON.stringify({ features: { hours: 1 } });
      return (await fetch(`${server.url}/models/churn/predict`, { method: 'POST', headers, body })).status;
    };
    expect(await predict()).toBe(200);
    const disable = (disabled: boolean) =>
      fetch(`${server.url}/accounts/ada`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ disabled }),
      });
    await disable(true);
    await eventually(async () => expect(await predict()).toBe(401));
    await disable(false);
    await eventually(async () => expect(await predict()).toBe(200));
  });

  it('grant and end a role, and refuse a key for a role that the account does not have', async () => {
    await expect(run('key', 'create', 'ada', '--role', 'operator')).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      remedy: expect.stringContaining('role grant') as string,
    });
    expect(await run('role', 'grant', 'ada', 'operator', '--model', 'churn')).toEqual({ granted: true });
    expect(await run('role', 'grant', 'ADA', 'operator', '--model', 'churn')).toEqual({ granted: false });
    expect(await run('role', 'grant', 'risk', 'approver', '--group')).toEqual({ granted: true });
    await run('key', 'create', 'ada', '--role', 'operator');
    const { roles } = await run<{ roles: object[] }>('role', 'list');
    expect(roles).toContainEqual(
      expect.objectContaining({ account: 'ada', role: 'operator', model: 'churn', grantedBy: 'grace' }),
    );
    expect(roles).toContainEqual(expect.objectContaining({ group: 'risk', account: null, role: 'approver' }));
    await run('role', 'revoke', 'ada', 'operator', '--model', 'churn');
    await expect(run('role', 'revoke', 'ada', 'operator', '--model', 'churn')).rejects.toMatchObject({
      code: 'UNKNOWN_ROLE',
    });
  });

  it('are refused without a key, and the message says what to do', async () => {
    const own = key;
    key = '';
    await expect(run('key', 'list')).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
      remedy: expect.stringContaining('TIDEGATE_API_KEY') as string,
    });
    key = own;
  });
});

it('an admin whose keys are all gone does not keep an installation from getting a new one', async () => {
  await fixture.database.pool.query(
    'update tidegate.api_key set revoked_at = now() where revoked_at is null',
  );
  expect(await hasAdmin(fixture.database)).toBe(false);
  const results = await Promise.allSettled([
    createFirstAdmin(fixture.database, 'grace', ''),
    createFirstAdmin(fixture.database, 'grace', ''),
  ]);
  expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
});

it('a disabled person and a service account cannot become the first admin', async () => {
  const { pool } = fixture.database;
  await pool.query('update tidegate.api_key set revoked_at = now() where revoked_at is null');
  await pool.query(`update tidegate.principal set disabled_at = now() where name = 'ada'`);
  for (const name of ['ada', 'web shop']) {
    await expect(createFirstAdmin(fixture.database, name, '')).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    });
  }
  await createFirstAdmin(fixture.database, 'barbara', '');
});

it('the key of this machine is in a file that only its owner can read', async () => {
  const file = await writeLocalKey(folder, 'tgk_secret');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect((await stat(join(folder, 'keys'))).mode & 0o777).toBe(0o700);
  await chmod(file, 0o644);
  expect(await readLocalKey(folder)).toBe('tgk_secret');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await readFile(file, 'utf8')).toBe('tgk_secret\n');
  expect(await readLocalKey(folder, 'nobody')).toBeUndefined();
});

describe('routes of identity', () => {
  let api: TestApi;
  beforeAll(async () => void (api = await startTestApi(fixture.database)));
  afterAll(() => api.close());

  it.each([
    [
      'an account with a line break',
      { account: 'a\nb', create: 'person', roles: ['viewer'] },
      'INVALID_REQUEST',
    ],
    ['an unknown role', { account: 'grace', roles: ['root'] }, 'INVALID_REQUEST'],
    ['400 days', { account: 'grace', roles: ['viewer'], days: 400 }, 'INVALID_REQUEST'],
    ['the reserved name', { account: 'Unverified', create: 'person', roles: ['viewer'] }, 'INVALID_REQUEST'],
    ['a name that is taken', { account: 'GRACE', create: 'person', roles: ['viewer'] }, 'INVALID_REQUEST'],
    [
      'an unknown owner',
      { account: 'x', create: 'service', owner: 'nobody', roles: ['viewer'] },
      'UNKNOWN_PERSON',
    ],
  ])('a key with %s is refused', async (_, body, code) => {
    const answer = await api.send('POST', '/keys', body);
    expect(answer.body.error.code).toBe(code);
  });

  it('what is not there cannot be revoked or ended', async () => {
    const codes = await Promise.all(
      ['/keys/aaaaaaaaaaaa', '/keys/1', '/roles/999999', '/roles/0'].map(
        async (url) => (await api.send('DELETE', url)).body.error.code,
      ),
    );
    expect(codes).toEqual(['UNKNOWN_KEY', 'INVALID_REQUEST', 'UNKNOWN_ROLE', 'INVALID_REQUEST']);
  });
});
