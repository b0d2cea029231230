// The embedded Postgres: started on a data folder, ready for use, stopped without loss.
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
  /** Its own folder, created if absent; one process at a time. */
  readonly dataDir: string;
  readonly port: number;
  /** Created if absent. */
  readonly database: string;
  readonly log: Log;
  /** Whether a commit survives a power cut; false only for tests. @default true */
  readonly durable?: boolean;
  /** Gives up starting, leaving nothing behind that runs. */
  readonly signal?: AbortSignal;
}

/** An embedded Postgres that accepts connections. */
export interface EmbeddedPostgres {
  /** Connects as superuser; holds a password, which lies in the data folder. */
  readonly url: string;
  readonly port: number;
  /** Resolves when the server has ended, asked or not, with how. */
  readonly ended: Promise<string>;
  /** Rolls back what is open, writes everything, ends, and gives the folder up. */
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 120_000;
const STOP_GRACE_MS = 60_000;

/** Postgres waits for the last sessions of a killed server to let go of its memory; they do so at once. */
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
    // SIGINT is Postgres's fast shutdown: it does not wait for clients to leave.
    stopSignal: 'SIGINT',
    log: options.log,
  });

const withClient = async <T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> => {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  // A server that dies between two queries must not end our process by an unhandled event.
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

/** Launches and waits; never leaves a server running that it does not return. */
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
    // The role is named like the schema of Tidegate's own tables, in which a person's would land by default.
    await client.query(`alter database ${name} set search_path = public`);
  });

/**
 * Starts Postgres on 127.0.0.1 with its data in `dataDir`, where it is found again after a restart. Recovers by
 * itself from `kill -9` of the server, of Tidegate, or of an unfinished first start.
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
    await requirePort(port, 'Postgres');
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
    // What fails while we are told to stop, fails because of that.
    signal?.throwIfAborted();
    throw error;
  }
};

const always: Readonly<Record<string, string>> = {
  // Reachable by nobody but this machine; no socket, as its path would have to suit the user Postgres runs as.
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  timezone: 'UTC',
  log_timezone: 'UTC',
  shared_buffers: '256MB',
  work_mem: '16MB',
  maintenance_work_mem: '256MB',
  // Nothing replicates from here, and without it a bulk load into a new table writes its rows once instead of twice.
  wal_level: 'minimal',
  max_wal_senders: '0',
  // Fewer, longer checkpoints: a month's import fits between two.
  max_wal_size: '2GB',
  checkpoint_timeout: '15min',
  random_page_cost: '1.1',
  // Compiling a plan takes longer than our queries run.
  jit: 'off',
  // A refused statement is told to its client; the log is for what the server itself goes through.
  log_min_messages: 'log',
  log_checkpoints: 'off',
};

/** Loses data when the machine or the server dies: for tests, whose data nobody wants back. */
const careless: Readonly<Record<string, string>> = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
};

/** Settings as command-line arguments of `postgres`. @example postgresSettings(true) // ['-c', 'jit=off', ...] */
const postgresSettings = (durable: boolean): string[] =>
  Object.entries(durable ? always : { ...always, ...careless }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]);
