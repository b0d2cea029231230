// Starts a PgBouncer for one test in front of the test run's Postgres.
import { spawn, spawnSync } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from '../../cli/local/processes/free-port.ts';

// Debian installs it in a folder that is not always on the PATH.
const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;

/** Whether the program is installed; if TIDEGATE_REQUIRE_PGBOUNCER is set, its absence is a failure. */
export const hasPgBouncer =
  process.env['TIDEGATE_REQUIRE_PGBOUNCER'] !== undefined ||
  spawnSync('pgbouncer', ['--version'], { env: { ...process.env, PATH } }).status === 0;

/** Its pool mode. */
export interface PgBouncerOptions {
  readonly mode: 'session' | 'transaction' | 'statement';
  /** Further lines for its section `[pgbouncer]`. */
  readonly settings?: readonly string[];
}

/** A PgBouncer that accepts connections. */
export interface PgBouncer {
  /** The URL of the server through PgBouncer. */
  readonly url: string;
  stop(): Promise<void>;
}

const UNPRIVILEGED = 65_534;
const READY_WITHIN_MS = 60_000;

/** Starts one in front of the database of a URL. */
export async function startPgBouncer(
  url: string,
  { mode, settings = [] }: PgBouncerOptions,
): Promise<PgBouncer> {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-pgbouncer-'));
  await chmod(folder, 0o755);
  const server = new URL(url);
  const port = await freePort();
  const database = server.pathname.slice(1);
  const config = join(folder, 'pgbouncer.ini');
  await writeFile(
    config,
    [
      '[databases]',
      `${database} = host=${server.hostname} port=${server.port} dbname=${database} user=${server.username} password='${decodeURIComponent(server.password)}'`,
      '[pgbouncer]',
      `listen_addr = 127.0.0.1`,
      `listen_port = ${port}`,
      'unix_socket_dir =',
      'auth_type = any',
      `pool_mode = ${mode}`,
      ...settings,
    ].join('\n'),
  );
  await chmod(config, 0o644);
  const asRoot = process.getuid?.() === 0;
  const child = spawn('pgbouncer', [config], {
    env: { ...process.env, PATH },
    cwd: '/',
    stdio: ['ignore', 'ignore', 'pipe'],
    ...(asRoot && { uid: UNPRIVILEGED, gid: UNPRIVILEGED }),
  });
  let said = '';
  child.stderr.on('data', (bytes: Buffer) => (said += bytes.toString()));
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', (error) => {
      said += error.message;
      resolve();
    });
  });
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
    await rm(folder, { recursive: true });
  };
  const pooled = new URL(url);
  pooled.hostname = '127.0.0.1';
  pooled.port = String(port);
  const until = Date.now() + READY_WITHIN_MS;
  for (;;) {
    const client = new pg.Client({ connectionString: pooled.href });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.end();
      return { url: pooled.href, stop };
    } catch (error) {
      await client.end().catch(() => undefined);
      if (Date.now() > until || child.pid === undefined || child.exitCode !== null) {
        await stop();
        throw new Error(`PgBouncer did not start: ${said}`, { cause: error });
      }
      await delay(50);
    }
  }
}
