// One process per data folder: a lock file that outlives neither its holder nor a reboot.
import { chmod, link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { dirname, join, resolve } from 'node:path';
import { TidegateError } from '../../domain/errors.ts';
import { processCommand } from './processes/orphan.ts';
import { isRoot } from './postgres-identity.ts';

/** Who holds a folder, and what it chose to say about itself, such as addresses. */
export interface LockHolder {
  readonly pid: number;
  /** Its command line, which tells it from a later process of the same number. */
  readonly command: string;
  readonly facts: Readonly<Record<string, string>>;
}

/** A lock held by this process. */
export interface FolderLock {
  /** Replaces the facts that others read with {@link lockHolder}. */
  publish(facts: Readonly<Record<string, string>>): Promise<void>;
  /** Gives the folder up; a second call does nothing. */
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
 * The live process that holds a folder; undefined when there is none, though a dead one may have left its file.
 *
 * @example (await lockHolder('.tidegate'))?.pid
 */
export const lockHolder = async (folder: string): Promise<LockHolder | undefined> => {
  const holder = parse(await readFile(lockFile(folder), 'utf8').catch(() => ''));
  return holder && (await isAlive(holder)) ? holder : undefined;
};

/** Writes the whole lock under another name first, so that nobody reads half of it. */
const writeAside = async (folder: string, facts: LockHolder['facts']): Promise<string> => {
  const aside = `${lockFile(folder)}.${randomUUID()}`;
  const command = (await processCommand(process.pid)) ?? process.title;
  // Facts may hold a database password: nobody else on the machine reads them.
  await writeFile(aside, JSON.stringify({ pid: process.pid, command, facts } satisfies LockHolder), {
    mode: 0o600,
  });
  return aside;
};

/** Moves a dead process's lock away; gives it back when a live one slipped in between reading and moving. */
const clearStale = async (folder: string): Promise<void> => {
  const grave = `${lockFile(folder)}.${randomUUID()}`;
  await rename(lockFile(folder), grave).catch(() => undefined);
  const holder = parse(await readFile(grave, 'utf8').catch(() => ''));
  if (holder && (await isAlive(holder))) await link(grave, lockFile(folder)).catch(() => undefined);
  await rm(grave, { force: true });
};

/**
 * Takes a folder, created if absent and closed to others, for this process. A lock left by a dead process is taken over.
 *
 * @throws TidegateError ALREADY_RUNNING naming the holder's process number; BAD_CONFIG where it cannot be created
 * @example const lock = await lockFolder('.tidegate'); try { ... } finally { await lock.release(); }
 */
export const lockFolder = async (folder: string): Promise<FolderLock> => {
  await privateFolder(folder, { closed: 'enter', existing: false }).catch((cause: NodeJS.ErrnoException) => {
    throw new TidegateError('BAD_CONFIG', `the data folder ${folder} cannot be created: ${cause.message}`, {
      remedy: 'Name another with --data or TIDEGATE_DATA_DIR.',
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

/** How a folder is closed. `enter`: as root, Postgres runs as another user and must pass through to its cluster. */
type Closed = 'all' | 'enter';

/**
 * Makes a folder that only this user can read and change: 0700. A folder that Postgres must pass through is 0711 where
 * this user is root: others can enter it, but not see what is in it.
 *
 * @param existing whether a folder that is there is closed as well; one that a person named may hold other things
 */
export async function privateFolder(
  folder: string,
  { closed = 'all', existing = true }: { readonly closed?: Closed; readonly existing?: boolean } = {},
): Promise<void> {
  const mode = closed === 'enter' && isRoot() ? 0o711 : 0o700;
  const first = await mkdir(folder, { recursive: true, mode });
  // Set again, because the umask takes away from what was asked for: here and on the way here.
  const path = resolve(folder);
  if (existing) await chmod(path, mode);
  for (let made = path; first !== undefined && made.startsWith(first); made = dirname(made)) {
    await chmod(made, mode);
  }
}
