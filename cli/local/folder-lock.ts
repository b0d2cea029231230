// One process per data folder: a lock file that becomes invalid when its holder ends or the machine reboots.
import { chmod, link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { dirname, join, resolve } from 'node:path';
import { TidegateError } from '../../domain/errors.ts';
import { processCommand } from './processes/orphan.ts';
import { isRoot } from './postgres-identity.ts';

/** The process that holds a folder, with the facts that it published, such as addresses. */
export interface LockHolder {
  readonly pid: number;
  /** Its command line, which distinguishes it from a later process with the same pid. */
  readonly command: string;
  readonly facts: Readonly<Record<string, string>>;
}

/** A lock held by this process. */
export interface FolderLock {
  /** Replaces the facts that others read with {@link lockHolder}. */
  publish(facts: Readonly<Record<string, string>>): Promise<void>;
  /** Releases the folder; a second call does nothing. */
  release(): Promise<void>;
}

const lockFile = (folder: string): string => join(folder, 'lock');

const parse = (text: string): LockHolder | undefined => {
  try {
    return JSON.parse(text) as LockHolder;
  } catch {
    return undefined;
  }
};

const isAlive = async (holder: LockHolder): Promise<boolean> =>
  (await processCommand(holder.pid)) === holder.command;

/**
 * Returns the live process that holds a folder; undefined if there is none, even if a dead one left its lock file.
 *
 * @example (await lockHolder('.tidegate'))?.pid
 */
export const lockHolder = async (folder: string): Promise<LockHolder | undefined> => {
  const holder = parse(await readFile(lockFile(folder), 'utf8').catch(() => ''));
  return holder && (await isAlive(holder)) ? holder : undefined;
};

/** Writes the lock under another name first, so that nobody reads an incomplete file. */
const writeAside = async (folder: string, facts: LockHolder['facts']): Promise<string> => {
  const aside = `${lockFile(folder)}.${randomUUID()}`;
  const command = (await processCommand(process.pid)) ?? process.title;
  // The facts may contain a database password, so only this user may read them.
  await writeFile(aside, JSON.stringify({ pid: process.pid, command, facts } satisfies LockHolder), {
    mode: 0o600,
  });
  return aside;
};

/** Removes the lock of a dead process; restores it if a live process took the folder between reading and moving. */
const clearStale = async (folder: string): Promise<void> => {
  const grave = `${lockFile(folder)}.${randomUUID()}`;
  await rename(lockFile(folder), grave).catch(() => undefined);
  const holder = parse(await readFile(grave, 'utf8').catch(() => ''));
  if (holder && (await isAlive(holder))) await link(grave, lockFile(folder)).catch(() => undefined);
  await rm(grave, { force: true });
};

/**
 * Locks a folder for this process; creates it, private to this user, if it does not exist. Takes over the lock of a dead
 * process.
 *
 * @throws TidegateError ALREADY_RUNNING naming the pid of the holder; BAD_CONFIG if the folder cannot be created
 * @example const lock = await lockFolder('.tidegate'); try { ... } finally { await lock.release(); }
 */
export const lockFolder = async (folder: string): Promise<FolderLock> => {
  await privateFolder(folder, { closed: 'enter', existing: false }).catch((cause: NodeJS.ErrnoException) => {
    throw new TidegateError('BAD_CONFIG', `the data folder ${folder} cannot be created: ${cause.message}`, {
      remedy: 'Name another folder with --data or TIDEGATE_DATA_DIR.',
      cause,
    });
  });
  const aside = await writeAside(folder, {});
  try {
    for (let attempt = 0; ; attempt += 1) {
      try {
        await link(aside, lockFile(folder));
        break;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
        const holder = await lockHolder(folder);
        if (holder || attempt === 5) {
          const who = holder ? `process ${holder.pid} (${holder.command})` : 'another process';
          throw new TidegateError('ALREADY_RUNNING', `the folder ${folder} is in use by ${who}`);
        }
        await clearStale(folder);
      }
    }
  } finally {
    await rm(aside, { force: true });
  }

  let held = true;
  return {
    publish: async (facts) => rename(await writeAside(folder, facts), lockFile(folder)),
    release: async () => {
      if (held) await rm(lockFile(folder), { force: true });
      held = false;
    },
  };
};

/**
 * How far a folder is closed to other users. `all`: completely. `enter`: they may enter it, but only if we are root, because
 * Postgres then runs as another user and must reach its cluster in the folder.
 */
type Closed = 'all' | 'enter';

/**
 * Creates a folder that only this user can read and change: mode 0700. With `enter` and as root the mode is 0711: others can
 * enter the folder but not list it.
 *
 * @param existing whether to change the mode of a folder that already exists; false for a folder that the user named and that
 * may have other content
 */
export async function privateFolder(
  folder: string,
  { closed = 'all', existing = true }: { readonly closed?: Closed; readonly existing?: boolean } = {},
): Promise<void> {
  const mode = closed === 'enter' && isRoot() ? 0o711 : 0o700;
  const first = await mkdir(folder, { recursive: true, mode });
  // The umask may have removed bits from the mode, so set it again for this folder and for each parent created here.
  const path = resolve(folder);
  if (existing) await chmod(path, mode);
  for (let made = path; first !== undefined && made.startsWith(first); made = dirname(made)) {
    await chmod(made, mode);
  }
}
