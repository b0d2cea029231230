// Starts the embedded Temporal: the one-process server of the Temporal CLI, with its runs in an SQLite file.
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
  /** Folder for this server alone, created if it is missing. Only one process can use it at a time. */
  readonly dataDir: string;
  readonly port: number;
  /** Port of the web UI; without it there is no UI. */
  readonly uiPort?: number | undefined;
  /** Created if it is missing. @default 'default' */
  readonly namespace?: string;
  /** Registered if they are missing. @example { TidegateModel: 'Keyword' } */
  readonly searchAttributes: Readonly<Record<string, SearchAttributeKind>>;
  /** Receives the server's output, and one line for each place where its program is searched. */
  readonly log: Log;
  /** Whether runs survive a restart; false keeps them in memory, for tests. @default true */
  readonly durable?: boolean;
  /** Environment with PATH and the cache folder. @default process.env */
  readonly env?: NodeJS.ProcessEnv;
  /** Cancels the start when aborted and stops what was started. */
  readonly signal?: AbortSignal;
}

/** An embedded Temporal that answers. */
export interface EmbeddedTemporal {
  /** Address of the gRPC front end: `127.0.0.1:7233`. */
  readonly address: string;
  readonly namespace: string;
  readonly uiUrl: string | undefined;
  readonly port: number;
  /** Resolves when the server has ended for any reason: `exit code 1`, `signal SIGKILL`. */
  readonly ended: Promise<string>;
  /** Shuts the server down cleanly and releases the folder. */
  stop(): Promise<void>;
}

/** The SQLite file in a data folder. */
export const temporalDatabase = (dataDir: string): string => join(resolve(dataDir), 'temporal.db');

/** The file with the pid of the running server. */
export const temporalPidFile = (dataDir: string): string => join(resolve(dataDir), 'temporal.pid');

/** Makes the folder and its files private, because runs contain user data. Files of an earlier release may not be private. */
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

/** Removes TEMPORAL_ settings, which the CLI reads for its client part; the embedded server needs none of them. */
const withoutTemporalSettings = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('TEMPORAL_')));

/** Makes one real call, which succeeds when the namespace exists and the front end answers. */
const callOnce = async (port: number, namespace: string): Promise<void> => {
  // Check the port first, because a refused gRPC connection waits a second before it tries again.
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
 * Starts Temporal's one-process server on 127.0.0.1 with its runs in `dataDir`. Downloads its program first if necessary.
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
    await requirePort(port, 'Temporal', 'TIDEGATE_TEMPORAL_PORT');
    if (uiPort !== undefined) await requirePort(uiPort, "Temporal's web UI", 'TIDEGATE_TEMPORAL_UI_PORT');
    await closeToOthers(dataDir);
    const program = await temporalBinary({ log, env, signal });
    const args = commandLine({ ...options, dataDir }, namespace);
    let stopping = false;
    const server = await startProcess({
      program,
      args,
      // Makes Go collect garbage less often: the server needs a quarter less CPU time, but about 100 MB more memory.
      env: { GOGC: '300', ...withoutTemporalSettings(env) },
      // While stopping, the server logs many errors about its own components losing their connections.
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
    // An error after an abort is only a consequence of it.
    signal?.throwIfAborted();
    throw error;
  }
};
