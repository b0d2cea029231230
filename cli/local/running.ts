// A running `tidegate start`: says where its servers are, so that other commands find them without settings.
import { lockFolder, lockHolder } from './folder-lock.ts';

/** Where the servers of a running `tidegate start` are; a server that it did not start itself is left out. */
export interface Running {
  readonly databaseUrl?: string;
  readonly temporalAddress?: string;
  readonly namespace?: string;
  readonly apiUrl?: string;
  /** Of Temporal's web UI. */
  readonly uiUrl?: string;
}

/** The data folder, taken by this process. */
export interface TakenFolder {
  /** Tells other commands where the servers are. */
  publish(running: Running): Promise<void>;
  /** Gives the folder up; from then on nobody finds the servers. */
  stop(): Promise<void>;
}

/**
 * Takes a data folder for this process.
 *
 * @throws TidegateError ALREADY_RUNNING naming the process that has it
 */
export async function takeFolder(dataDir: string): Promise<TakenFolder> {
  const lock = await lockFolder(dataDir);
  return { publish: (running) => lock.publish({ ...running }), stop: () => lock.release() };
}

/** The servers that run on a data folder: none while they start, and never what a killed process left behind. */
export const findRunning = async (dataDir: string): Promise<Running> =>
  (await lockHolder(dataDir))?.facts ?? {};
