// The addresses of a running `tidegate start`, published in its data folder so that other commands find them.
import { lockFolder, lockHolder } from './folder-lock.ts';

/** Addresses of the servers of a running `tidegate start`; only of servers that it started itself. */
export interface Running {
  readonly databaseUrl?: string;
  /** The same database with the login of the API, and with that of the workers. */
  readonly apiDatabaseUrl?: string;
  readonly workerDatabaseUrl?: string;
  readonly temporalAddress?: string;
  readonly namespace?: string;
  readonly apiUrl?: string;
  /** Address of Temporal's web UI. */
  readonly uiUrl?: string;
}

/** A data folder that this process has locked. */
export interface TakenFolder {
  /** Publishes the addresses for other commands. */
  publish(running: Running): Promise<void>;
  /** Releases the folder; from then on other commands no longer find the servers. */
  stop(): Promise<void>;
}

/**
 * Locks a data folder for this process.
 *
 * @throws TidegateError ALREADY_RUNNING naming the process that holds it
 */
export async function takeFolder(dataDir: string): Promise<TakenFolder> {
  const lock = await lockFolder(dataDir);
  return { publish: (running) => lock.publish({ ...running }), stop: () => lock.release() };
}

/** Returns the addresses of the servers that run on a data folder; none while they start, or if their process was killed. */
export const findRunning = async (dataDir: string): Promise<Running> =>
  (await lockHolder(dataDir))?.facts ?? {};
