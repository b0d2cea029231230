// Where commands find the servers.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Config, readConfig } from '../../../cli/config.ts';
import { addressOfApi, findApiUrl, findEndpoints } from '../../../cli/endpoints.ts';
import { takeFolder } from '../../../cli/running.ts';

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
  it('finds the servers of a running start, and none once it has stopped', async () => {
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

  it('prefers what the settings name', async () => {
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

  it('says which setting is missing', async () => {
    await expect(findEndpoints(config())).rejects.toThrow(/DATABASE_URL is not set/);
    await expect(findEndpoints(config({ DATABASE_URL: 'postgres://db/x' }))).rejects.toThrow(
      /TEMPORAL_ADDRESS is not set/,
    );
  });
});

describe('addressOfApi', () => {
  it('is reachable from this machine, whatever it listens on', () => {
    expect(addressOfApi({ api: { host: '0.0.0.0', port: 80, url: undefined } })).toBe('http://127.0.0.1:80');
    expect(addressOfApi({ api: { host: '::1', port: 80, url: undefined } })).toBe('http://[::1]:80');
    expect(addressOfApi({ api: { host: 'localhost', port: 80, url: undefined } })).toBe(
      'http://localhost:80',
    );
  });
});
