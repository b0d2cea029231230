// The embedded Temporal: the CLI's one-process server with its history in a file, ready for use.
import { chmod, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Connection } from '@temporalio/client';
import { lockFolder, privateFolder } from './folder-lock.ts';
import { isListening, LOCALHOST, requirePort } from './processes/free-port.ts';
import { type Log, type ManagedProcess, startProcess, untilAnswers } from './processes/managed-process.ts';
import { stopOrphan } from './processes/orphan.ts';
import { temporalBinary } from './temporal-binary/find-binary.ts';

/** The type of a search attribute, as the Temporal CLI spells it. */
export type SearchAttributeKind = 'Text' | 'Keyword' | 'Int' | 'Double' | 'Bool' | 'Datetime' | 'KeywordList';

/** How to start the embedded Temporal. */
export interface StartTemporalOptions {
  /** Its own folder, created if absent; one process at a time. */
  readonly dataDir: string;
  readonly port: number;
  /** Of the web UI; absent: no UI. */
  readonly uiPort?: number | undefined;
  /** Created if absent. @default 'default' */
  readonly namespace?: string;
  /** Registered if absent. @example { TidegateModel: 'Keyword' } */
  readonly searchAttributes: Readonly<Record<string, SearchAttributeKind>>;
  /** Gets the server's output, and what is tried to come by its program. */
  readonly log: Log;
  /** Whether runs survive a restart; false, for tests, keeps them in memory. @default true */
  readonly durable?: boolean;
  /** Names PATH and the cache folder. @default process.env */
  readonly env?: NodeJS.ProcessEnv;
  /** Gives up starting, leaving nothing behind that runs. */
  readonly signal?: AbortSignal;
}

/** An embedded Temporal that answers. */
export interface EmbeddedTemporal {
  /** Of the gRPC front end: `127.0.0.1:7233`. */
  readonly address: string;
  readonly namespace: string;
  readonly uiUrl: string | undefined;
  readonly port: number;
  /** Resolves when the server has ended, asked or not, with how. */
  readonly ended: Promise<string>;
  /** Ends it in an orderly way and gives the folder up. */
  stop(): Promise<void>;
}

/** The SQLite file in a data folder. */
export const temporalDatabase = (dataDir: string): string => join(resolve(dataDir), 'temporal.db');

/** The file that names the running server's process. */
export const temporalPidFile = (dataDir: string): string => join(resolve(dataDir), 'temporal.pid');

/** Runs hold what models and people say. The server makes its files private; those of an earlier release may not be. */
async function closeToOthers(dataDir: string): Promise<void> {
  await privateFolder(dataDir);
  const database = temporalDatabase(dataDir);
  for (const path of [database, `${database}-wal`, `${database}-shm`, `${database}-journal`]) {
    await chmod(path, 0o600).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }
}

const READY_WITHIN_MS = 60_000;
const STOP_GRACE_MS = 15_000;

const commandLine = (options: StartTemporalOptions, namespace: string): string[] => {
  const { dataDir, port, uiPort, searchAttributes, durable = true } = options;
  return [
    'server',
    'start-dev',
    `--ip=${LOCALHOST}`,
    `--port=${port}`,
    `--namespace=${namespace}`,
    '--log-level=error',
    ...(uiPort === undefined ? ['--headless'] : [`--ui-port=${uiPort}`]),
    ...(durable ? [`--db-filename=${temporalDatabase(dataDir)}`] : []),
    ...Object.entries(searchAttributes).map(([name, kind]) => `--search-attribute=${name}=${kind}`),
  ];
};

/** The CLI takes settings for its client part from the environment; a server of ours needs none of them. */
const withoutTemporalSettings = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('TEMPORAL_')));

/** One real call: the namespace exists and the front end answers for it. */
const callOnce = async (port: number, namespace: string): Promise<void> => {
  // A gRPC connection that is refused at first waits a second before it tries again.
  if (!(await isListening(port))) throw new Error(`nothing listens at port ${port}`);
  const connection = await Connection.connect({ address: `${LOCALHOST}:${port}`, connectTimeout: 5_000 });
  try {
    await connection.workflowService.describeNamespace({ namespace });
  } finally {
    await connection.close();
  }
};

const untilReady = (
  server: ManagedProcess,
  port: number,
  namespace: string,
  signal: AbortSignal | undefined,
): Promise<void> =>
  untilAnswers(server, {
    name: 'Temporal',
    call: () => callOnce(port, namespace),
    within: READY_WITHIN_MS,
    signal,
  });

/**
 * Starts Temporal's one-process server on 127.0.0.1, fetching its program first if need be, with its runs in
 * `dataDir`, where they are found again after a restart.
 *
 * @throws TidegateError ALREADY_RUNNING, PORT_IN_USE, BINARY_MISSING, SERVER_FAILED
 * @throws the signal's reason when aborted
 * @example
 * const temporal = await startTemporal({
 *   dataDir: '.tidegate/temporal', port: 7233, uiPort: 8233, searchAttributes: { TidegateModel: 'Keyword' }, log,
 * });
 */
export const startTemporal = async (options: StartTemporalOptions): Promise<EmbeddedTemporal> => {
  const { port, uiPort, namespace = 'default', log, env = process.env, signal } = options;
  const dataDir = resolve(options.dataDir);
  const pidFile = temporalPidFile(dataDir);
  const lock = await lockFolder(dataDir);
  try {
    await stopOrphan({ pidFile, commandPart: temporalDatabase(dataDir), stopSignal: 'SIGTERM', log });
    await requirePort(port, 'Temporal');
    if (uiPort !== undefined) await requirePort(uiPort, "Temporal's web UI");
    await closeToOthers(dataDir);
    const program = await temporalBinary({ log, env, signal });
    const args = commandLine({ ...options, dataDir }, namespace);
    let stopping = false;
    const server = await startProcess({
      program,
      args,
      env: withoutTemporalSettings(env),
      // At its end the server complains at length about its own parts losing each other.
      log: (line) => {
        if (!stopping) log(line);
      },
    });
    try {
      await writeFile(pidFile, `${server.pid}\n`, { mode: 0o600 });
      await untilReady(server, port, namespace, signal);
    } catch (error) {
      await server.stop(STOP_GRACE_MS);
      throw error;
    }
    return {
      address: `${LOCALHOST}:${port}`,
      namespace,
      uiUrl: uiPort === undefined ? undefined : `http://${LOCALHOST}:${uiPort}`,
      port,
      ended: server.ended,
      stop: async () => {
        stopping = true;
        await server.stop(STOP_GRACE_MS);
        await rm(pidFile, { force: true });
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
