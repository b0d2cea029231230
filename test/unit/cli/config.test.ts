// The settings: how they are read and validated, and that schema, .env.example and documentation agree.
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readConfig, readDotenv, settingsSchema } from '../../../cli/shared/config.ts';

const fileOf = (name: string): Promise<string> =>
  readFile(new URL(`../../../${name}`, import.meta.url), 'utf8');

/** Defaults by variable, from the schema; empty for a variable without a default. */
const declared = (): Record<string, string> => {
  const defaults = settingsSchema.parse({}) as Record<string, string | number | undefined>;
  return Object.fromEntries(
    Object.keys(settingsSchema.shape).map((name) => [name, String(defaults[name] ?? '')]),
  );
};

describe('the settings', () => {
  it('are exactly those listed in .env.example, with the same defaults', async () => {
    const lines = (await fileOf('.env.example')).matchAll(/^# ([A-Z_]+)=(.*)$/gm);
    expect(Object.fromEntries([...lines].map(([, name, value]) => [name, value]))).toEqual(declared());
  });

  it('are exactly those described in docs/configuration.md, with the same defaults', async () => {
    const rows = (await fileOf('docs/configuration.md')).matchAll(
      /^\| `([A-Z_]+)` +\| (?:none|`([^`]+)`) +\| \S/gm,
    );
    expect(Object.fromEntries([...rows].map(([, name, value]) => [name, value ?? '']))).toEqual(declared());
  });

  it('have valid defaults', () => {
    const set = Object.entries(declared()).filter(([, value]) => value !== '');
    expect(() => readConfig(Object.fromEntries(set))).not.toThrow();
  });
});

describe('a .env file', () => {
  it("sets Tidegate's variables, but none that loads code or chooses programs", () => {
    const text = [
      'DATABASE_URL=postgres://h/db',
      'TIDEGATE_API_PORT="8081"',
      'TEMPORAL_ADDRESS=h:7233',
      'NODE_OPTIONS=--require ./x.cjs',
      'export PATH=/tmp/x',
      'LD_PRELOAD=/tmp/x.so',
      'NODE_EXTRA_CA_CERTS=x',
      'HTTPS_PROXY=http://x',
      'PGHOST=x',
      'DATABASE_URL_2=x',
      'XTIDEGATE_A=x',
      'TIDEGATE_WORKFLOW_BUNDLE=./x.cjs',
      'TIDEGATE_CACHE=./bin',
    ].join('\n');
    expect(readDotenv(text)).toEqual({
      settings: { DATABASE_URL: 'postgres://h/db', TIDEGATE_API_PORT: '8081', TEMPORAL_ADDRESS: 'h:7233' },
      ignored: [
        'DATABASE_URL_2',
        'HTTPS_PROXY',
        'LD_PRELOAD',
        'NODE_EXTRA_CA_CERTS',
        'NODE_OPTIONS',
        'PATH',
        'PGHOST',
        'TIDEGATE_CACHE',
        'TIDEGATE_WORKFLOW_BUNDLE',
        'XTIDEGATE_A',
      ],
    });
  });

  it('cannot set other variables for the command or its child processes, and a warning names them', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tidegate-dotenv-'));
    await writeFile(
      join(folder, '.env'),
      `NODE_OPTIONS=--require ./x.cjs\nTIDEGATE_WORKFLOW_BUNDLE=./x.cjs\nDATABASE_URL=postgres://127.0.0.1:1/x\nTEMPORAL_ADDRESS=127.0.0.1:1\n`,
    );
    const program = new URL('../../../bin/tidegate.mjs', import.meta.url).pathname;
    const { stderr } = spawnSync(process.execPath, [program, 'status'], { cwd: folder, encoding: 'utf8' });
    await rm(folder, { recursive: true });
    expect(stderr).toContain(
      '.env: ignored NODE_OPTIONS, TIDEGATE_WORKFLOW_BUNDLE; only TIDEGATE_…, TEMPORAL_… and DATABASE_URL are read',
    );
    expect(stderr).toContain('DATABASE_UNREACHABLE');
  });
});

describe('readConfig', () => {
  it('leaves database and Temporal undefined if no variable names them', () => {
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

  it('uses the default namespace if none is set', () => {
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
  ])('refuses %s=%s and names the variable', (name, value) => {
    expect(() => readConfig({ [name]: value })).toThrow(
      expect.objectContaining({ code: 'BAD_CONFIG', places: [expect.objectContaining({ at: name })] }),
    );
  });

  it('names every invalid variable in one error', () => {
    expect(() => readConfig({ TIDEGATE_API_PORT: 'x', TIDEGATE_LOG_LEVEL: 'y' })).toThrow(
      /TIDEGATE_API_PORT, TIDEGATE_LOG_LEVEL/,
    );
  });

  it('refuses a profile that is in no configuration file', () => {
    expect(() => readConfig({ TEMPORAL_PROFILE: 'nowhere', HOME: '/nonexistent' })).toThrow(
      expect.objectContaining({ code: 'BAD_CONFIG' }),
    );
  });
});

describe('the settings of notifications', () => {
  const mail = {
    TIDEGATE_SMTP_URL: 'smtp://tidegate@mail.example.org:587',
    TIDEGATE_SMTP_FROM: 'tidegate@example.org',
    TIDEGATE_NOTIFY_EMAIL: 'ada@example.org, bo@example.org',
  };

  it('take secrets from files, and prefer a secret in a variable', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tidegate-config-'));
    try {
      const file = join(folder, 'secret');
      const read = (more: Record<string, string>) =>
        readConfig({
          ...mail,
          TIDEGATE_WEBHOOK_URL: 'https://example.org/hook',
          TIDEGATE_WEBHOOK_SECRET_FILE: file,
          TIDEGATE_SMTP_PASSWORD_FILE: file,
          ...more,
        }).notifications.targets;
      expect(() => read({})).toThrow('TIDEGATE_WEBHOOK_SECRET_FILE cannot be used');
      await writeFile(file, '\n');
      expect(() => read({})).toThrow('the file is empty');
      await writeFile(file, 'hidden\n');
      expect(read({})).toMatchObject([
        { name: 'webhook', secret: 'hidden' },
        { name: 'email', password: 'hidden', to: ['ada@example.org', 'bo@example.org'] },
      ]);
      expect(read({ TIDEGATE_SMTP_PASSWORD: 'other' })).toMatchObject([{}, { password: 'other' }]);
      expect(() => read({ TIDEGATE_SLACK_URL_FILE: file })).toThrow('TIDEGATE_SLACK_URL_FILE');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it.each(Object.keys(mail))('are refused if only %s is missing for e-mail', (name) => {
    expect(() => readConfig({ ...mail, [name]: '' })).toThrow('are needed together');
  });

  it.each(['ada', 'ada@example.org; bo@example.org', 'Ada <ada@example.org>', ','])(
    'refuse %j as recipients',
    (to) => {
      expect(() => readConfig({ ...mail, TIDEGATE_NOTIFY_EMAIL: to })).toThrow('TIDEGATE_NOTIFY_EMAIL');
    },
  );
});
