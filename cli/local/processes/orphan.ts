// Finds and stops a server that outlived the process that started it, for example after `kill -9`, by its pid file.
import { readFile, rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { TidegateError } from '../../../domain/errors.ts';
import { type Log } from './managed-process.ts';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Where to look for an orphan and how to recognize it. */
export interface OrphanOptions {
  /** A file whose first line is the pid. */
  readonly pidFile: string;
  /** A part of the command line that only servers of this data folder have. */
  readonly commandPart: string;
  readonly stopSignal: NodeJS.Signals;
  readonly log: Log;
  /** Milliseconds before it is killed. @default 30_000 */
  readonly grace?: number;
}

/** Waits until `gone` is true; returns false if it is not within `within` milliseconds. */
const waitUntil = async (gone: () => Promise<boolean> | boolean, within: number): Promise<boolean> => {
  const deadline = performance.now() + within;
  while (!(await gone())) {
    if (performance.now() > deadline) return false;
    await delay(50);
  }
  return true;
};

/** Whether the pid is in use, even by a zombie: a dead process that its parent has not reaped yet. */
const isTaken = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

/**
 * Stops the server that a killed Tidegate left running on a folder, so that the folder and its port are free again. The
 * caller must hold the folder's lock, which proves that no Tidegate owns the server. If the pid now belongs to an unrelated
 * process, only the pid file is removed.
 *
 * @throws TidegateError ALREADY_RUNNING if it cannot be stopped
 */
export const stopOrphan = async (options: OrphanOptions): Promise<void> => {
  const { pidFile, commandPart, stopSignal, log, grace = 30_000 } = options;
  const pid = Number.parseInt((await readFile(pidFile, 'utf8').catch(() => '')).split('\n')[0] ?? '', 10);
  if (!Number.isInteger(pid) || pid <= 1) return;

  const isOurs = async () => (await processCommand(pid))?.includes(commandPart) ?? false;
  if (!(await isOurs())) {
    // Keep the pid file of a dead server, because Postgres reads it to find out whether the old shared memory is still in use.
    // Remove it only if a zombie or an unrelated process has the pid, because Postgres would then refuse to start.
    // Wait for a zombie first, because it usually disappears within seconds.
    const isZombie = (await processCommand(pid)) === undefined;
    const isFree = await waitUntil(() => !isTaken(pid), isZombie ? 5_000 : 0);
    if (!isFree) await rm(pidFile, { force: true });
    return;
  }

  log(`stopping process ${pid}, which a killed Tidegate left running`);
  for (const [signal, within] of [
    [stopSignal, grace],
    ['SIGKILL', 5_000],
  ] as const) {
    try {
      process.kill(pid, signal);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'EPERM') {
        throw new TidegateError('ALREADY_RUNNING', `process ${pid} of another user holds the data folder`, {
          cause,
        });
      }
    }
    if (await waitUntil(async () => !(await isOurs()), within)) return;
  }
  throw new TidegateError('ALREADY_RUNNING', `process ${pid} holds the data folder and does not stop`);
};

const execute = promisify(execFile);

/**
 * Returns the command line of a live process, arguments joined by spaces; undefined if there is none. Reads `/proc` on Linux
 * and asks `ps` elsewhere.
 *
 * @example await processCommand(process.pid); // 'node bin/tidegate.mjs start'
 */
export const processCommand = async (pid: number): Promise<string | undefined> => {
  if (process.platform === 'linux') {
    const raw = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    // A zombie has an empty command line; it no longer holds any resources.
    return raw.replaceAll('\0', ' ').trim() || undefined;
  }
  const { stdout } = await execute('ps', ['-p', String(pid), '-o', 'command=']).catch(() => ({ stdout: '' }));
  return stdout.trim() || undefined;
};
