// How commands find the addresses of the servers.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Config, readConfig } from '../../../cli/shared/config.ts';
import { serverLines } from '../../../cli/commands/start/start.ts';
import {
  addressOfApi,
  findApiUrl,
  findEndpoints,
  plainTemporal,
  withoutPassword,
} from '../../../cli/shared/endpoints.ts';
import { takeFolder } from '../../../cli/local/running.ts';

const running = {
  databaseUrl: 'postgres://127.0.0.1:1/tidegate',
  temporalAddress: '127.0.0.1:2',
  namespace: 'default',
  apiUrl: 'http://127.0.0.1:3',
  uiUrl: 'http://127.0.0.1:4',
};

let folder: string;
const config = (env: NodeJS.ProcessEnv = {}): Config => readConfig({ TIDEGATE_DATA_DIR: folder, ...env });

beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'tidegate-endpoints-'))));
afterEach(() => rm(folder, { recursive: true }));

describe('findEndpoints', () => {
  it('finds the servers of a running `tidegate start`, and none after it has stopped', async () => {
    const taken = await takeFolder(folder);
    await expect(findEndpoints(config())).rejects.toMatchObject({ code: 'NOT_READY' });
    await taken.publish(running);
    await expect(findEndpoints(config())).resolves.toEqual({
      databaseUrl: running.databaseUrl,
      temporal: { connectionOptions: { address: '127.0.0.1:2' }, namespace: 'default' },
      uiUrl: running.uiUrl,
    });
    await expect(findApiUrl(config())).resolves.toBe(running.apiUrl);
    await taken.stop();
    await expect(findEndpoints(config())).rejects.toMatchObject({
      code: 'NOT_READY',
      remedy: expect.stringContaining('tidegate start') as string,
    });
  });

  it('prefers the addresses in the settings', async () => {
    const taken = await takeFolder(folder);
    await taken.publish(running);
    const set = config({
      DATABASE_URL: 'postgres://db/x',
      TEMPORAL_ADDRESS: 'temporal:7233',
      TIDEGATE_API_URL: 'https://api.example.com',
    });
    await expect(findEndpoints(set)).resolves.toMatchObject({
      databaseUrl: 'postgres://db/x',
      temporal: { connectionOptions: { address: 'temporal:7233' } },
      uiUrl: undefined,
    });
    await expect(findApiUrl(set)).resolves.toBe('https://api.example.com');
    await taken.stop();
  });

  it('names the setting that is missing', async () => {
    await expect(findEndpoints(config())).rejects.toThrow(/DATABASE_URL is not set/);
    await expect(findEndpoints(config({ DATABASE_URL: 'postgres://db/x' }))).rejects.toThrow(
      /TEMPORAL_ADDRESS is not set/,
    );
  });
});

describe('addressOfApi', () => {
  it('is reachable from this machine for every host that the API can listen on', () => {
    expect(addressOfApi({ api: { host: '0.0.0.0', port: 80, url: undefined } })).toBe('http://127.0.0.1:80');
    expect(addressOfApi({ api: { host: '::1', port: 80, url: undefined } })).toBe('http://[::1]:80');
    expect(addressOfApi({ api: { host: 'localhost', port: 80, url: undefined } })).toBe(
      'http://localhost:80',
    );
  });
});

describe('an address that is shown', () => {
  it.each([
    ['postgres://ada:geheim@db:5432/churn', 'postgres://ada:***@db:5432/churn'],
    ['postgres://ada:ge%40heim@db/churn?sslmode=require', 'postgres://ada:***@db/churn?sslmode=require'],
    ['postgres://db/churn?user=ada&password=geheim', 'postgres://db/churn?user=ada&password=***'],
    ['postgres://ada@db/churn', 'postgres://ada@db/churn'],
    ['https://ada:geheim@api.example/v1', 'https://ada:***@api.example/v1'],
    ['db:5432', 'db:5432'],
  ])('%s is shown without its password', (address, shown) => {
    expect(withoutPassword(address)).toBe(shown);
  });

  it('of a Postgres from the settings has no password; that of the embedded Postgres has one', () => {
    const databaseUrl = 'postgres://ada:geheim@db:5432/churn';
    const servers = {
      databaseUrl,
      api: { url: 'http://127.0.0.1:8080', key: undefined },
      uiUrl: undefined,
      temporal: plainTemporal('127.0.0.1:7233', 'default'),
      logs: 'logs',
    };
    expect(serverLines(servers, { databaseUrl }).join()).not.toContain('geheim');
    expect(serverLines(servers, { databaseUrl: undefined }).join()).toContain(databaseUrl);
  });
});
