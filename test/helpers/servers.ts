// Starts one Postgres and one Temporal for the whole run of the integration tests.
import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { builtProgram } from '../../boot/load.mjs';
import { eraseData } from '../../cli/local/erase-data.ts';
import { freePort } from '../../cli/local/processes/free-port.ts';
import { TidegateError } from '../../domain/errors.ts';
import { startPostgres } from '../../cli/local/postgres.ts';
import { startTemporal } from '../../cli/local/temporal.ts';
import { tidegateMigrations } from '../../migrations/tidegate/index.ts';
import { type Database, openDatabase } from '../../store/postgres/database.ts';
import { migrate } from '../../store/postgres/migrate.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Connects to the server on which `createTestDatabase` creates databases. */
    readonly postgresUrl: string;
    /** Name of a database with Tidegate's tables, which tests copy instead of running every migration again. */
    readonly migratedTemplate: string;
    /** `host:port` of a Temporal server with Tidegate's search attributes. */
    readonly temporalAddress: string;
  }
}

const PREFIX = 'tidegate-test-';
const HOUR_MS = 3_600_000;
const MAX_STARTS = 3;

const searchAttributes = {
  TidegateModel: 'Keyword',
  TidegateStage: 'Keyword',
  TidegateOutcome: 'Keyword',
  TidegateVersion: 'Int',
} as const;

interface TestServer {
  readonly at: string;
  stop(): Promise<void>;
}

/** Postgres, with a migrated database to copy. */
interface TestPostgres extends TestServer {
  readonly template: string;
}

const existing = (at: string): TestServer => ({ at, stop: () => Promise.resolve() });

/** Collects the log lines of a server, and shows them only if it does not start. */
const withTrace = async <T>(start: (log: (line: string) => void) => Promise<T>): Promise<T> => {
  const lines: string[] = [];
  try {
    return await start((line) => lines.push(line));
  } catch (error) {
    process.stderr.write(`${lines.join('\n')}\n`);
    throw error;
  }
};

/**
 * Starts a server at a free port, and at another one if it could not start: between the search for a port and its use, an
 * internal port of the other server can be given the same number.
 */
const atFreePort = async <T>(start: (port: number) => Promise<T>): Promise<T> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start(await freePort());
    } catch (error) {
      const canPass = error instanceof TidegateError && ['SERVER_FAILED', 'PORT_IN_USE'].includes(error.code);
      if (!canPass || attempt === MAX_STARTS) throw error;
    }
  }
};

const onPostgres = async (folder: string): Promise<TestServer> => {
  const given = process.env['TIDEGATE_TEST_POSTGRES'];
  if (given) return existing(given);
  const server = await atFreePort((port) =>
    withTrace((log) =>
      startPostgres({
        dataDir: join(folder, 'postgres'),
        port,
        database: 'tests',
        durable: false,
        log,
      }),
    ),
  );
  return { at: server.url, stop: () => server.stop() };
};

/** Starts Postgres and migrates the template; `stop` removes the template, because a given server goes on. */
const testPostgres = async (folder: string): Promise<TestPostgres> => {
  const server = await onPostgres(folder);
  const template = `template_${randomUUID().replaceAll('-', '')}`;
  const asAdmin = (statement: string): Promise<void> =>
    using(server.at, async ({ pool }) => void (await pool.query(statement)));
  const stop = async (): Promise<void> => {
    await asAdmin(`drop database if exists ${template}`);
    await server.stop();
  };
  try {
    await asAdmin(`create database ${template}`);
    const url = new URL(server.at);
    url.pathname = `/${template}`;
    await using(url.href, async (database) => void (await migrate(database, tidegateMigrations)));
  } catch (error) {
    await stop();
    throw error;
  }
  return { at: server.at, template, stop };
};

const using = async (url: string, work: (database: Database) => Promise<void>): Promise<void> => {
  const database = openDatabase(url, { max: 1 });
  await work(database).finally(() => database.close());
};

const testTemporal = async (folder: string): Promise<TestServer> => {
  const given = process.env['TIDEGATE_TEST_TEMPORAL'];
  if (given) return existing(given);
  const server = await atFreePort((port) =>
    withTrace((log) =>
      startTemporal({
        dataDir: join(folder, 'temporal'),
        port,
        searchAttributes,
        durable: false,
        log,
      }),
    ),
  );
  return { at: server.address, stop: () => server.stop() };
};

/** Erases folders and servers that killed test runs left behind; `eraseData` refuses the folder of a live run. */
const sweep = async (): Promise<void> => {
  for (const name of await readdir(tmpdir())) {
    const folder = join(tmpdir(), name);
    const age = Date.now() - ((await stat(folder).catch(() => undefined))?.mtimeMs ?? Date.now());
    if (name.startsWith(PREFIX) && age > HOUR_MS)
      await eraseData(folder, () => undefined).catch(() => undefined);
  }
};

interface Servers {
  readonly postgres: TestPostgres;
  readonly temporal: TestServer;
  stop(): Promise<void>;
}

const startServers = async (): Promise<Servers> => {
  await sweep();
  const folder = await mkdtemp(join(tmpdir(), PREFIX));
  // As root, Postgres runs as another user and must be able to enter.
  await chmod(folder, 0o711);
  const starting = [testPostgres(folder), testTemporal(folder)] as const;
  const stop = async (): Promise<void> => {
    for (const server of await Promise.allSettled(starting)) {
      if (server.status === 'fulfilled') await server.value.stop();
    }
    await eraseData(folder, () => undefined);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    // Built here once, so that not each process of the tests builds the same.
    const programs = builtProgram('activities/compute/thread.ts');
    const [postgres, temporal] = await Promise.all([...starting, programs]);
    return { postgres, temporal, stop };
  } catch (error) {
    await stop();
    throw error;
  }
};

/** The servers of this run, which its projects share, and how many projects still use them. */
interface Shared {
  starting: Promise<Servers> | undefined;
  users: number;
}

// Each project loads this file for itself.
const KEY = Symbol.for('tidegate.test.servers');
const shared = ((globalThis as unknown as Record<symbol, Shared | undefined>)[KEY] ??= {
  starting: undefined,
  users: 0,
});

/**
 * Vitest's global set-up: starts both servers in parallel and returns a function that stops and erases them. Projects of
 * one run share the servers, which stop with the last of them.
 */
export const setup = async (project: TestProject): Promise<() => Promise<void>> => {
  const starting = (shared.starting ??= startServers());
  shared.users += 1;
  const servers = await starting;
  project.provide('postgresUrl', servers.postgres.at);
  project.provide('migratedTemplate', servers.postgres.template);
  project.provide('temporalAddress', servers.temporal.at);
  return async () => {
    shared.users -= 1;
    if (shared.users > 0) return;
    shared.starting = undefined;
    await servers.stop();
  };
};
