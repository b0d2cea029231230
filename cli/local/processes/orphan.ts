// A server that outlived the process which started it, as after `kill -9`: found by its pid file and ended.
import { readFile, rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { TidegateError } from '../../../domain/errors.ts';
import { type Log } from './managed-process.ts';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Where to look for an orphan and how to know it. */
export interface OrphanOptions {
  /** A file whose first line is the process number. */
  readonly pidFile: string;
  /** A part of the command line that only a server of this data folder has. */
  readonly commandPart: string;
  readonly stopSignal: NodeJS.Signals;
  readonly log: Log;
  /** Milliseconds before it is killed. @default 30_000 */
  readonly grace?: number;
}

/** Waits until `gone` holds; false when it does not within so many milliseconds. */
const waitUntil = async (gone: () => Promise<boolean> | boolean, within: number): Promise<boolean> => {
  const deadline = performance.now() + within;
  while (!(await gone())) {
    if (performance.now() > deadline) return false;
    await delay(50);
  }
  return true;
};

/** Whether the number is taken, be it by a zombie, which is dead but not yet reaped by its parent. */
const isTaken = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

/**
 * Ends the server that a killed Tidegate left running on a folder, so that the folder and its port are free again.
 * The caller holds the folder's lock: what still runs has no owner. A pid file whose number now belongs to a
 * stranger is removed, and the stranger left alone.
 *
 * @throws TidegateError ALREADY_RUNNING when it cannot be ended
 */
export const stopOrphan = async (options: OrphanOptions): Promise<void> => {
  const { pidFile, commandPart, stopSignal, log, grace = 30_000 } = options;
  const pid = Number.parseInt((await readFile(pidFile, 'utf8').catch(() => '')).split('\n')[0] ?? '', 10);
  if (!Number.isInteger(pid) || pid <= 1) return;

  const isOurs = async () => (await processCommand(pid))?.includes(commandPart) ?? false;
  if (!(await isOurs())) {
    // A dead server's file stays: Postgres reads in it whether something of the old server still holds its memory.
    // A zombie's or a stranger's number would make it refuse to start; zombies mostly go in a moment.
    const isZombie = (await processCommand(pid)) === undefined;
    const isFree = await waitUntil(() => !isTaken(pid), isZombie ? 5_000 : 0);
    if (!isFree) await rm(pidFile, { force: true });
    return;
  }

  log(`process ${pid} was left running by a Tidegate that was killed; it is stopped first`);
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
  throw new TidegateError('ALREADY_RUNNING', `process ${pid} holds the data folder and does not end`);
};

const execute = promisify(execFile);

/**
 * The command line of a live process, arguments joined by spaces; undefined when no such process lives.
 * Reads `/proc` on Linux and asks `ps` elsewhere.
 *
 * @example await processCommand(process.pid); // 'node bin/tidegate.mjs start'
 */
export const processCommand = async (pid: number): Promise<string | undefined> => {
  if (process.platform === 'linux') {
    const raw = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    // A zombie has an empty command line: it holds nothing any more.
    return raw.replaceAll('\0', ' ').trim() || undefined;
  }
  const { stdout } = await execute('ps', ['-p', String(pid), '-o', 'command=']).catch(() => ({ stdout: '' }));
  return stdout.trim() || undefined;
};
