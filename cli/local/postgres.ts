// Starts the embedded Postgres on a data folder, and stops it without losing data.
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { lockFolder, privateFolder } from './folder-lock.ts';
import { LOCALHOST, requirePort } from './processes/free-port.ts';
import {
  type Identity,
  type Log,
  type ManagedProcess,
  startProcess,
  untilAnswers,
} from './processes/managed-process.ts';
import { stopOrphan } from './processes/orphan.ts';
import { postgresBinaries, type PostgresBinaries } from './postgres-binaries.ts';
import { clusterFolder, POSTGRES_USER, prepareCluster } from './postgres-cluster.ts';
import { postgresIdentity } from './postgres-identity.ts';

/** How to start the embedded Postgres. */
export interface StartPostgresOptions {
  /** Folder for this server alone, created if it is missing. Only one process can use it at a time. */
  readonly dataDir: string;
  readonly port: number;
  /** Created if it is missing. */
  readonly database: string;
  readonly log: Log;
  /** Whether a commit survives a power failure; false only in tests. @default true */
  readonly durable?: boolean;
  /** Cancels the start when aborted and stops what was started. */
  readonly signal?: AbortSignal;
}

/** An embedded Postgres that accepts connections. */
export interface EmbeddedPostgres {
  /** Connects as superuser; contains the password, which is stored in the data folder. */
  readonly url: string;
  readonly port: number;
  /** Resolves when the server has ended for any reason: `exit code 1`, `signal SIGKILL`. */
  readonly ended: Promise<string>;
  /** Rolls back open transactions, flushes all data, ends the server and releases the folder. */
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 120_000;
const STOP_GRACE_MS = 60_000;

/** Postgres refuses to start while sessions of a killed server still hold its shared memory; they end within moments. */
const OLD_MEMORY = 'pre-existing shared memory block';

interface Server {
  readonly binaries: PostgresBinaries;
  readonly cluster: string;
  readonly identity: Identity | undefined;
  readonly options: StartPostgresOptions;
}

const launch = ({ binaries, cluster, identity, options }: Server): Promise<ManagedProcess> =>
  startProcess({
    program: binaries.postgres,
    args: ['-D', cluster, '-p', String(options.port), ...postgresSettings(options.durable ?? true)],
    identity,
    cwd: '/',
    // SIGINT is Postgres's fast shutdown: it disconnects the clients instead of waiting for them.
    stopSignal: 'SIGINT',
    log: options.log,
  });

const withClient = async <T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> => {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  // Without a listener, a server that dies between two queries would end our process with an unhandled error event.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await use(client);
  } finally {
    await client.end().catch(() => undefined);
  }
};

const untilReady = (server: ManagedProcess, url: string, signal: AbortSignal | undefined): Promise<void> =>
  untilAnswers(server, {
    name: 'Postgres',
    call: () => withClient(url, (client) => client.query('select 1')),
    within: READY_WITHIN_MS,
    signal,
  });

/** Launches the server and waits until it is ready; stops it again if it does not become ready. */
const bringUp = async (server: Server, url: string): Promise<ManagedProcess> => {
  for (let attempt = 0; ; attempt += 1) {
    const running = await launch(server);
    try {
      await untilReady(running, url, server.options.signal);
      return running;
    } catch (error) {
      await running.stop(STOP_GRACE_MS);
      if (attempt === 20 || !running.tail().includes(OLD_MEMORY)) throw error;
      await delay(250);
    }
  }
};

const ensureDatabase = (url: string, database: string): Promise<void> =>
  withClient(url, async (client) => {
    const name = client.escapeIdentifier(database);
    const { rowCount } = await client.query('select from pg_database where datname = $1', [database]);
    if (rowCount === 0) await client.query(`create database ${name}`);
    // Role and schema are both called tidegate, so by default a user's tables would be created in Tidegate's own schema.
    await client.query(`alter database ${name} set search_path = public`);
  });

/**
 * Starts Postgres on 127.0.0.1 with its data in `dataDir`. Recovers automatically from `kill -9` of the server or of
 * Tidegate, and from an interrupted first start.
 *
 * @throws TidegateError ALREADY_RUNNING, PORT_IN_USE, DATA_FOLDER_BROKEN, BINARY_MISSING, SERVER_FAILED
 * @throws the signal's reason when aborted
 * @example
 * const postgres = await startPostgres({ dataDir: '.tidegate/postgres', port: 5433, database: 'tidegate', log });
 */
export const startPostgres = async (options: StartPostgresOptions): Promise<EmbeddedPostgres> => {
  const { port, database, log, signal, durable = true } = options;
  const dataDir = resolve(options.dataDir);
  const lock = await lockFolder(dataDir);
  try {
    await privateFolder(dataDir, { closed: 'enter' });
    const identity = await postgresIdentity(join(dataDir, 'cluster'));
    const binaries = await postgresBinaries(identity);
    const cluster = await clusterFolder(dataDir, identity);
    const pidFile = join(cluster, 'postmaster.pid');
    await stopOrphan({ pidFile, commandPart: cluster, stopSignal: 'SIGINT', log });
    await requirePort(port, 'Postgres', 'TIDEGATE_POSTGRES_PORT');
    const password = await prepareCluster({ cluster, binaries, identity, durable, signal });

    const urlOf = (name: string) =>
      `postgres://${POSTGRES_USER}:${password}@${LOCALHOST}:${port}/${encodeURIComponent(name)}`;
    const server = await bringUp({ binaries, cluster, identity, options }, urlOf('postgres'));
    try {
      await ensureDatabase(urlOf('postgres'), database);
    } catch (error) {
      await server.stop(STOP_GRACE_MS);
      throw error;
    }
    return {
      url: urlOf(database),
      port,
      ended: server.ended,
      stop: async () => {
        await server.stop(STOP_GRACE_MS);
        await lock.release();
      },
    };
  } catch (error) {
    await lock.release();
    // An error after an abort is only a consequence of it.
    signal?.throwIfAborted();
    throw error;
  }
};

const SETTINGS: Readonly<Record<string, string>> = {
  // Reachable only from this machine. No Unix socket, because the user that Postgres runs as would need a
  // folder for it.
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  timezone: 'UTC',
  log_timezone: 'UTC',
  shared_buffers: '256MB',
  work_mem: '16MB',
  maintenance_work_mem: '256MB',
  // There is no replication, and with `minimal` a bulk load into a new table writes its rows once instead of twice.
  wal_level: 'minimal',
  max_wal_senders: '0',
  // Fewer checkpoints, so that the import of a month fits between two of them.
  max_wal_size: '2GB',
  checkpoint_timeout: '15min',
  random_page_cost: '1.1',
  // JIT compilation takes longer than our queries run.
  jit: 'off',
  // The client already gets the error of a failed statement; the log keeps only messages about the server itself.
  log_min_messages: 'log',
  log_checkpoints: 'off',
};

/** Faster, but loses data if the machine or the server crashes: only for tests. */
const NOT_DURABLE: Readonly<Record<string, string>> = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
};

/** Settings as command-line arguments of `postgres`. @example postgresSettings(true) // ['-c', 'jit=off', ...] */
const postgresSettings = (durable: boolean): string[] =>
  Object.entries(durable ? SETTINGS : { ...SETTINGS, ...NOT_DURABLE }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]);
