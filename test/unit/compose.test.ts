// docker-compose.yml and the files it needs: pinned, health-checked, closed to the outside, and in step with the code.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { searchAttributeKinds } from '../../worker/search-attributes.ts';

interface Service {
  readonly image: string;
  readonly build?: unknown;
  readonly restart: string;
  readonly user?: string;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly ports?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly environment?: Readonly<Record<string, string | null>>;
  readonly volumes?: readonly string[];
}

const root = fileURLToPath(new URL('../../', import.meta.url));
const textOf = (file: string): string => readFileSync(`${root}${file}`, 'utf8');

const SECRETS = { TIDEGATE_DB_PASSWORD: 'first-secret', TEMPORAL_DB_PASSWORD: 'second-secret' };

/** The file with its variables put in and its anchors merged, as `docker compose config` would show it. */
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

  it.each(Object.keys(SECRETS))('has no default for %s, and says where to set it', (name) => {
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

  it('watches the health of every service that stays, and starts it again when it ends', () => {
    const staying = services.filter((service) => !runsOnce(service));
    expect(
      staying.map(([name, { restart, healthcheck }]) => ({ name, restart, checked: Boolean(healthcheck) })),
    ).toEqual(staying.map(([name]) => ({ name, restart: 'unless-stopped', checked: true })));
  });

  it('waits for services to be healthy, or to have done their one task', () => {
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

  it('publishes every port on the loopback address only', () => {
    const ports = services.flatMap(([, { ports = [] }]) => ports);
    expect(ports.length).toBeGreaterThan(0);
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
  });

  it('keeps the data of both databases in named volumes, where the image of Postgres 18 puts it', () => {
    const kept = services.flatMap(([, { image, volumes = [] }]) =>
      image.startsWith('postgres:18') ? volumes : [],
    );
    expect(kept).toEqual(['postgres-data:/var/lib/postgresql', 'temporal-postgres-data:/var/lib/postgresql']);
  });

  it('gives each part the password of its own database and of no other', () => {
    const holders = (secret: string): string[] =>
      services
        .filter(([, service]) => JSON.stringify(service.environment ?? {}).includes(secret))
        .map(([name]) => name);
    expect(holders(SECRETS.TEMPORAL_DB_PASSWORD).sort()).toEqual(['temporal', 'temporal-postgres']);
    expect(holders(SECRETS.TIDEGATE_DB_PASSWORD).sort()).toEqual([
      'api',
      'postgres',
      'setup-database',
      'trees',
      'worker',
    ]);
  });
});

// The tool itself has the last word, on a machine that has it.
describe.runIf(spawnSync('docker', ['compose', 'version']).status === 0)('docker compose config', () => {
  it('reads the file without a complaint', () => {
    const env = { ...process.env, ...SECRETS };
    const args = ['compose', '--env-file', '/dev/null', 'config', '--quiet'];
    const { status, stderr } = spawnSync('docker', args, { cwd: root, env, encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});

describe('the image', () => {
  const dockerfile = textOf('Dockerfile');

  it('begins with one version of Node, and not with a moving tag', () => {
    expect(dockerfile).toMatch(/^ARG NODE_IMAGE=node:\d+\.\d+\.\d+-bookworm-slim$/m);
    expect(dockerfile.match(/^FROM (\S+)/gm)).toEqual(['FROM ${NODE_IMAGE}', 'FROM ${NODE_IMAGE}']);
  });

  it('does not run as root', () => {
    expect(dockerfile.match(/^USER (\S+)$/gm)?.at(-1)).toBe('USER node');
  });

  it('takes in nothing but what .dockerignore names', () => {
    const lines = textOf('.dockerignore')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    expect(lines[0]).toBe('*');
    expect(lines.slice(1).filter((line) => !line.startsWith('!'))).toEqual([]);
    expect(lines.filter((line) => /env|git|tidegate$/.test(line))).toEqual([]);
  });

  it('is named for the version of the package', () => {
    const { version } = JSON.parse(textOf('package.json')) as { version: string };
    expect(textOf('docker-compose.yml')).toContain(`image: tidegate:${version}\n`);
  });
});

describe('register-search-attributes.sh', () => {
  it('registers the search attributes that the runs carry, with their types, and no others', () => {
    const registered = textOf('docker/register-search-attributes.sh').matchAll(/\b(Tidegate\w+):(\w+)/g);
    expect(Object.fromEntries(Array.from(registered, ([, name, kind]) => [name, kind]))).toEqual(
      searchAttributeKinds,
    );
  });
});
