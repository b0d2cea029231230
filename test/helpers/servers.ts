// Starts one Postgres and one Temporal for the whole run of the integration tests.
import { chmod, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { eraseData } from '../../cli/local/erase-data.ts';
import { freePort } from '../../cli/local/processes/free-port.ts';
import { startPostgres } from '../../cli/local/postgres.ts';
import { startTemporal } from '../../cli/local/temporal.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Connects to the server on which `createTestDatabase` creates databases. */
    readonly postgresUrl: string;
    /** `host:port` of a Temporal server with Tidegate's search attributes. */
    readonly temporalAddress: string;
  }
}

const PREFIX = 'tidegate-test-';
const HOUR_MS = 3_600_000;

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

const testPostgres = async (folder: string): Promise<TestServer> => {
  const given = process.env['TIDEGATE_TEST_POSTGRES'];
  if (given) return existing(given);
  const port = await freePort();
  const dataDir = join(folder, 'postgres');
  const server = await withTrace((log) =>
    startPostgres({ dataDir, port, database: 'tests', durable: false, log }),
  );
  return { at: server.url, stop: () => server.stop() };
};

const testTemporal = async (folder: string): Promise<TestServer> => {
  const given = process.env['TIDEGATE_TEST_TEMPORAL'];
  if (given) return existing(given);
  const port = await freePort();
  const dataDir = join(folder, 'temporal');
  const server = await withTrace((log) =>
    startTemporal({ dataDir, port, searchAttributes, durable: false, log }),
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

/** Vitest's global set-up: starts both servers in parallel and returns a function that stops and erases them. */
export const setup = async (project: TestProject): Promise<() => Promise<void>> => {
  await sweep();
  const folder = await mkdtemp(join(tmpdir(), PREFIX));
  // As root, Postgres runs as another user and must be able to enter.
  await chmod(folder, 0o711);
  const starting = [testPostgres(folder), testTemporal(folder)] as const;
  const tearDown = async (): Promise<void> => {
    for (const server of await Promise.allSettled(starting)) {
      if (server.status === 'fulfilled') await server.value.stop();
    }
    await eraseData(folder, () => undefined);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const [postgres, temporal] = await Promise.all(starting);
    project.provide('postgresUrl', postgres.at);
    project.provide('temporalAddress', temporal.at);
    return tearDown;
  } catch (error) {
    await tearDown();
    throw error;
  }
};
