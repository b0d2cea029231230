// Erases the data folder of the embedded servers, if nothing uses it.
import { readdir, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { TidegateError } from '../../domain/errors.ts';
import { lockFolder, lockHolder } from './folder-lock.ts';
import type { Log } from './processes/managed-process.ts';
import { stopOrphan } from './processes/orphan.ts';
import { systemPlace } from './postgres-identity.ts';
import { temporalDatabase, temporalPidFile } from './temporal.ts';

/** The folders of the embedded servers inside one data folder, such as `.tidegate`. */
export const dataFolders = (dataDir: string): { postgres: string; temporal: string } => ({
  postgres: join(resolve(dataDir), 'postgres'),
  temporal: join(resolve(dataDir), 'temporal'),
});

const requireErasable = async (dataDir: string, names: readonly string[]): Promise<void> => {
  const known = names.length === 0 || names.includes('postgres') || names.includes('temporal');
  if (!known) {
    throw new TidegateError(
      'BAD_CONFIG',
      `${dataDir} does not look like a data folder of Tidegate; nothing was erased`,
    );
  }
  const holder = await lockHolder(dataDir);
  if (holder) {
    throw new TidegateError('ALREADY_RUNNING', `the folder ${dataDir} is in use by process ${holder.pid}`, {
      remedy: 'Stop it first (Ctrl-C in its terminal), then erase.',
    });
  }
};

/**
 * Erases a data folder with everything in it: cluster, runs, logs. First stops servers that a killed Tidegate left running
 * on it. Does nothing if the folder does not exist.
 *
 * @throws TidegateError ALREADY_RUNNING while a Tidegate uses it; BAD_CONFIG if it is not a data folder
 * @example await eraseData('.tidegate', console.log);
 */
export const eraseData = async (dataDir: string, log: Log): Promise<void> => {
  const root = resolve(dataDir);
  if (!(await stat(root).catch(() => undefined))) return;
  await requireErasable(root, await readdir(root));

  const { postgres, temporal } = dataFolders(root);
  const elsewhere = systemPlace(postgres);
  const locks = [await lockFolder(postgres)];
  try {
    locks.push(await lockFolder(temporal));
    for (const place of [postgres, elsewhere]) {
      const cluster = join(place, 'cluster');
      const pidFile = join(cluster, 'postmaster.pid');
      await stopOrphan({ pidFile, commandPart: cluster, stopSignal: 'SIGINT', log });
    }
    await stopOrphan({
      pidFile: temporalPidFile(temporal),
      commandPart: temporalDatabase(temporal),
      stopSignal: 'SIGTERM',
      log,
    });
    await rm(elsewhere, { recursive: true, force: true });
    await rm(root, { recursive: true, force: true });
  } finally {
    for (const lock of locks) await lock.release();
  }
};
