// Settings: read, checked, and the same in schema, .env.example and documentation.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readConfig, settingsSchema } from '../../../cli/config.ts';

const fileOf = (name: string): Promise<string> =>
  readFile(new URL(`../../../${name}`, import.meta.url), 'utf8');

/** Defaults by variable, as the schema gives them; empty where there is none. */
const declared = (): Record<string, string> => {
  const defaults = settingsSchema.parse({}) as Record<string, string | number | undefined>;
  return Object.fromEntries(
    Object.keys(settingsSchema.shape).map((name) => [name, String(defaults[name] ?? '')]),
  );
};

describe('the settings', () => {
  it('are listed in .env.example with their defaults, and nothing else is', async () => {
    const lines = (await fileOf('.env.example')).matchAll(/^# ([A-Z_]+)=(.*)$/gm);
    expect(Object.fromEntries([...lines].map(([, name, value]) => [name, value]))).toEqual(declared());
  });

  it('are described in docs/configuration.md with their defaults, and nothing else is', async () => {
    const rows = (await fileOf('docs/configuration.md')).matchAll(
      /^\| `([A-Z_]+)` +\| (?:none|`([^`]+)`) +\| \S/gm,
    );
    expect(Object.fromEntries([...rows].map(([, name, value]) => [name, value ?? '']))).toEqual(declared());
  });

  it('have a default that is accepted', () => {
    const set = Object.entries(declared()).filter(([, value]) => value !== '');
    expect(() => readConfig(Object.fromEntries(set))).not.toThrow();
  });
});

describe('readConfig', () => {
  it('leaves database and Temporal open where nothing names them', () => {
    const config = readConfig({});
    expect(config).toMatchObject({ databaseUrl: undefined, temporal: undefined, taskQueue: 'tidegate' });
    expect(config.dataDir).toBe(resolve('.tidegate'));
  });

  it('counts an empty variable as unset', () => {
    expect(readConfig({ DATABASE_URL: '', TIDEGATE_API_PORT: '' })).toMatchObject({
      databaseUrl: undefined,
      api: { port: 8080 },
    });
  });

  it('passes namespace, TLS and API key on to Temporal', () => {
    const { temporal } = readConfig({
      TEMPORAL_ADDRESS: 'ns.acct.tmprl.cloud:7233',
      TEMPORAL_NAMESPACE: 'ns.acct',
      TEMPORAL_API_KEY: 'secret',
    });
    expect(temporal).toMatchObject({
      namespace: 'ns.acct',
      connectionOptions: { address: 'ns.acct.tmprl.cloud:7233', apiKey: 'secret' },
    });
    expect(temporal?.connectionOptions.tls).toBeTruthy();
  });

  it('takes the default namespace where none is named', () => {
    expect(readConfig({ TEMPORAL_ADDRESS: 'localhost:7233' }).temporal?.namespace).toBe('default');
  });

  it('is frozen', () => {
    const config = readConfig({});
    expect(Object.isFrozen(config) && Object.isFrozen(config.api) && Object.isFrozen(config.ports)).toBe(
      true,
    );
  });

  it.each([
    ['DATABASE_URL', 'mysql://localhost/x'],
    ['DATABASE_URL', 'localhost'],
    ['TEMPORAL_ADDRESS', 'http://localhost:7233'],
    ['TEMPORAL_ADDRESS', 'localhost'],
    ['TEMPORAL_TLS', 'banana'],
    ['TIDEGATE_API_PORT', '0'],
    ['TIDEGATE_API_PORT', '80.5'],
    ['TIDEGATE_API_URL', 'localhost:8080'],
    ['TIDEGATE_WEBHOOK_URL', 'ftp://example.com'],
    ['TIDEGATE_POSTGRES_PORT', '65536'],
    ['TIDEGATE_LOG_LEVEL', 'loud'],
  ])('refuses %s=%s by its name', (name, value) => {
    expect(() => readConfig({ [name]: value })).toThrow(
      expect.objectContaining({ code: 'BAD_CONFIG', places: [expect.objectContaining({ at: name })] }),
    );
  });

  it('names every wrong variable at once', () => {
    expect(() => readConfig({ TIDEGATE_API_PORT: 'x', TIDEGATE_LOG_LEVEL: 'y' })).toThrow(
      /TIDEGATE_API_PORT, TIDEGATE_LOG_LEVEL/,
    );
  });

  it('refuses a profile that no configuration file has', () => {
    expect(() => readConfig({ TEMPORAL_PROFILE: 'nowhere', HOME: '/nonexistent' })).toThrow(
      expect.objectContaining({ code: 'BAD_CONFIG' }),
    );
  });
});
