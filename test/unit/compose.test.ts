// docker-compose.yml and the files it uses: pinned, health-checked, not exposed to the network, in sync with the code.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { searchAttributeKinds } from '../../worker/search-attributes.ts';

interface Service {
  readonly image: string;
  readonly build?: unknown;
  readonly entrypoint?: readonly string[];
  readonly restart: string;
  readonly user?: string;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly ports?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly environment?: Readonly<Record<string, string | number | null>>;
  readonly volumes?: readonly string[];
}

const root = fileURLToPath(new URL('../../', import.meta.url));
const textOf = (file: string): string => readFileSync(`${root}${file}`, 'utf8');

const SECRETS = {
  TIDEGATE_DB_PASSWORD: 'first-secret',
  TEMPORAL_DB_PASSWORD: 'second-secret',
  TIDEGATE_API_DB_PASSWORD: 'third-secret',
  TIDEGATE_WORKER_DB_PASSWORD: 'fourth-secret',
};

/** The file with variables substituted and anchors merged, as `docker compose config` would print it. */
const project = parse(
  textOf('docker-compose.yml').replaceAll(
    /\$\{(\w+)(?::-([^}]*)|:\?[^}]*)?\}/g,
    (_, name: string, preset?: string) => SECRETS[name as keyof typeof SECRETS] ?? preset ?? '',
  ),
  { merge: true },
) as { services: Record<string, Service> };

describe('docker-compose.yml', () => {
  const services = Object.entries(project.services);
  const runsOnce = ([, { restart }]: [string, Service]): boolean => restart === 'no';

  it.each(Object.keys(SECRETS))('has no default for %s, but an error that says where to set it', (name) => {
    const uses = Array.from(
      textOf('docker-compose.yml').matchAll(new RegExp(`\\$\\{${name}[^}]*\\}`, 'g')),
      String,
    );
    expect(uses.length).toBeGreaterThan(0);
    expect(new Set(uses)).toEqual(new Set([`\${${name}:?set it in .env, see docs/operations.md}`]));
  });

  it('pins every image to one version', () => {
    for (const [name, { image }] of services)
      expect(`${name}: ${image}`).toMatch(/:\d+\.\d+(\.\d+)?(-[\w.-]+)?$/);
  });

  it('has a health check and a restart policy for every long-running service', () => {
    const staying = services.filter((service) => !runsOnce(service));
    expect(
      staying.map(([name, { restart, healthcheck }]) => ({ name, restart, checked: Boolean(healthcheck) })),
    ).toEqual(staying.map(([name]) => ({ name, restart: 'unless-stopped', checked: true })));
  });

  it('waits until services are healthy, or have completed their one task', () => {
    const once = new Set(services.filter(runsOnce).map(([name]) => name));
    const waits = services.flatMap(([, { depends_on = {} }]) => Object.entries(depends_on));
    expect(waits.length).toBeGreaterThan(0);
    for (const [name, { condition }] of waits) {
      expect([name, condition]).toEqual([
        name,
        once.has(name) ? 'service_completed_successfully' : 'service_healthy',
      ]);
    }
  });

  it('publishes every port only on the loopback address', () => {
    const ports = services.flatMap(([, { ports = [] }]) => ports);
    expect(ports.length).toBeGreaterThan(0);
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
  });

  it('keeps the data of both databases in named volumes, at the path that the Postgres 18 image uses', () => {
    const kept = services.flatMap(([, { image, volumes = [] }]) =>
      image.startsWith('postgres:18') ? volumes : [],
    );
    expect(kept).toEqual(['postgres-data:/var/lib/postgresql', 'temporal-postgres-data:/var/lib/postgresql']);
  });

  it('gives each service the password of its own database and no other', () => {
    const holders = (secret: string): string[] =>
      services
        .filter(([, service]) => JSON.stringify(service.environment ?? {}).includes(secret))
        .map(([name]) => name);
    expect(holders(SECRETS.TEMPORAL_DB_PASSWORD).sort()).toEqual([
      'setup-temporal-schema',
      'temporal',
      'temporal-postgres',
    ]);
    expect(holders(SECRETS.TIDEGATE_DB_PASSWORD).sort()).toEqual(['postgres', 'setup-database']);
    expect(holders(SECRETS.TIDEGATE_API_DB_PASSWORD).sort()).toEqual(['api', 'setup-database']);
    expect(holders(SECRETS.TIDEGATE_WORKER_DB_PASSWORD).sort()).toEqual([
      'setup-database',
      'trees',
      'worker',
    ]);
  });

  it('mounts only files that exist, at the paths that the services use', () => {
    const mounts = services.flatMap(([name, { volumes = [], entrypoint = [], environment = {} }]) =>
      volumes
        .filter((volume) => volume.startsWith('./'))
        .map((volume) => ({ name, volume, uses: [...entrypoint, ...Object.values(environment)] })),
    );
    expect(mounts.map(({ name }) => name)).toEqual(['setup-temporal-schema', 'temporal', 'setup-temporal']);
    for (const { volume, uses } of mounts) {
      const [file = '', inside, mode] = volume.split(':');
      expect(textOf(file)).not.toBe('');
      expect(uses).toContain(inside);
      expect(mode).toBe('ro');
    }
  });
});

// temporalio/auto-setup, which did all of this in one container, is no longer published.
describe('the Temporal server of docker-compose.yml', () => {
  const { temporal, ...others } = project.services;
  const job = (name: string): Service => others[name] as Service;

  it('has the same version as the tools that create its tables and its namespace', () => {
    const versions = ['setup-temporal-schema', 'setup-temporal'].map((name) => job(name).image.split(':'));
    const [image, version] = (temporal as Service).image.split(':');
    expect(image).toBe('temporalio/server');
    expect(versions).toEqual([
      ['temporalio/admin-tools', version],
      ['temporalio/admin-tools', version],
    ]);
  });

  it('starts after its tables were updated, and services that need its namespace start after that was created', () => {
    expect(Object.keys(job('setup-temporal-schema').depends_on ?? {})).toEqual(['temporal-postgres']);
    expect(Object.keys(temporal?.depends_on ?? {})).toEqual(['setup-temporal-schema']);
    expect(Object.keys(job('setup-temporal').depends_on ?? {})).toEqual(['temporal']);
    for (const name of ['worker', 'api', 'trees'])
      expect(Object.keys(job(name).depends_on ?? {})).toEqual(['setup-database', 'setup-temporal']);
  });

  it('uses the database in which its tables are created', () => {
    const { SQL_PLUGIN, SQL_HOST, SQL_PORT, SQL_USER, SQL_PASSWORD } =
      job('setup-temporal-schema').environment ?? {};
    expect(temporal?.environment).toMatchObject({
      DB: SQL_PLUGIN,
      POSTGRES_SEEDS: SQL_HOST,
      DB_PORT: SQL_PORT,
      POSTGRES_USER: SQL_USER,
      POSTGRES_PWD: SQL_PASSWORD,
    });
    expect(SQL_HOST).toBe('temporal-postgres');
  });

  it('has the number of history shards with which existing databases were created', () => {
    expect(temporal?.environment?.['NUM_HISTORY_SHARDS']).toBe(4);
  });
});

// Also checks the file with docker compose itself, on machines that have it.
describe.runIf(spawnSync('docker', ['compose', 'version']).status === 0)('docker compose config', () => {
  it('accepts the file without a warning', () => {
    const env = { ...process.env, ...SECRETS };
    const args = ['compose', '--env-file', '/dev/null', 'config', '--quiet'];
    const { status, stderr } = spawnSync('docker', args, { cwd: root, env, encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});

describe('the image', () => {
  const dockerfile = textOf('Dockerfile');

  it('is based on a fixed version of Node and not on a moving tag', () => {
    expect(dockerfile).toMatch(/^ARG NODE_IMAGE=node:\d+\.\d+\.\d+-bookworm-slim$/m);
    expect(dockerfile.match(/^FROM (\S+)/gm)).toEqual(['FROM ${NODE_IMAGE}', 'FROM ${NODE_IMAGE}']);
  });

  it('does not run as root', () => {
    expect(dockerfile.match(/^USER (\S+)$/gm)?.at(-1)).toBe('USER node');
  });

  it('contains only files that .dockerignore lists as exceptions', () => {
    const lines = textOf('.dockerignore')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    expect(lines[0]).toBe('*');
    expect(lines.slice(1).filter((line) => !line.startsWith('!'))).toEqual([]);
    expect(lines.filter((line) => /env|git|tidegate$/.test(line))).toEqual([]);
  });

  it('has the version of the package in its tag', () => {
    const { version } = JSON.parse(textOf('package.json')) as { version: string };
    expect(textOf('docker-compose.yml')).toContain(`image: tidegate:${version}\n`);
  });
});

/** Runs a script with a fake `program`, which records its arguments in `calls` and then runs the shell code `does`. */
const runScript = (
  script: string,
  program: string,
  does: string,
  env: Readonly<Record<string, string>> = {},
): { status: number | null; calls: readonly string[] } => {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-compose-'));
  try {
    const calls = join(folder, 'calls');
    writeFileSync(calls, '');
    writeFileSync(join(folder, program), `#!/bin/sh\necho "$@" >> '${calls}'\n${does}\n`, { mode: 0o755 });
    const { status } = spawnSync('sh', [join(root, script)], {
      env: { PATH: `${folder}:${process.env['PATH'] ?? ''}`, ...env },
    });
    return { status, calls: readFileSync(calls, 'utf8').split('\n').slice(0, -1) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

describe('setup-temporal-schema.sh', () => {
  const steps = (database: string, folder: string): string[] => [
    `--database ${database} create-database`,
    `--database ${database} setup-schema --version 0.0`,
    `--database ${database} update-schema --schema-dir /etc/temporal/schema/postgresql/v12/${folder}/versioned`,
  ];
  const all = [...steps('temporal', 'temporal'), ...steps('temporal_visibility', 'visibility')];

  it('creates both databases and updates their tables from the folders in the image', () => {
    const run = runScript('docker/setup-temporal-schema.sh', 'temporal-sql-tool', 'exit 0');
    expect(run).toEqual({ status: 0, calls: all });
  });

  it('stops with an error at the first step that fails, so that the server does not start', () => {
    const does = 'case "$*" in *update-schema*) exit 1;; esac';
    const run = runScript('docker/setup-temporal-schema.sh', 'temporal-sql-tool', does);
    expect(run).toEqual({ status: 1, calls: all.slice(0, 3) });
  });
});

describe('setup-temporal.sh', () => {
  const attributes = Object.entries(searchAttributeKinds);

  it('creates a missing namespace with a retention of 90 days and registers the search attributes in it', () => {
    const does = 'case "$*" in *describe*) exit 1;; esac';
    const { status, calls } = runScript('docker/setup-temporal.sh', 'temporal', does);
    expect(status).toBe(0);
    expect(calls).toEqual([
      'operator namespace describe --namespace default',
      'operator namespace create --namespace default --retention 2160h',
      'operator search-attribute list --namespace default',
      ...attributes.map(
        ([name, kind]) =>
          `operator search-attribute create --namespace default --name ${name} --type ${kind}`,
      ),
    ]);
  });

  it('changes nothing if everything exists', () => {
    const known = attributes.map(([name, kind]) => `echo "  ${name}  ${kind}"`).join('\n');
    const does = `case "$*" in *list*) ${known};; esac`;
    const env = { TEMPORAL_NAMESPACE: 'drift' };
    expect(runScript('docker/setup-temporal.sh', 'temporal', does, env)).toEqual({
      status: 0,
      calls: [
        'operator namespace describe --namespace drift',
        'operator search-attribute list --namespace drift',
      ],
    });
  });
});
