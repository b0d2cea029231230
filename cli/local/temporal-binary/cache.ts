// The cache of downloaded programs. A program appears in the folder only when it is complete and its digest was checked.
import { createHash, randomUUID } from 'node:crypto';
import { access, chmod, constants, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Program } from './program.ts';

const PARTIAL = '.partial-';
const DAY_MS = 86_400_000;

/** The cache folder: `$TIDEGATE_CACHE`, else `$XDG_CACHE_HOME/tidegate`, else `~/.cache/tidegate`. */
export const cacheFolder = (env: NodeJS.ProcessEnv): string =>
  env['TIDEGATE_CACHE'] || join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'tidegate');

/** The path of a program's pinned build in the cache. */
export const cachedPath = (cache: string, program: Program): string =>
  join(cache, `${program.name}-${program.version}`);

/** Refuses bytes whose digest is not the pinned one. @throws Error naming both digests */
export const requireDigest = (what: string, bytes: Buffer, expected: string): void => {
  const actual = createHash('sha256').update(bytes).digest('hex');
  if (actual !== expected) throw new Error(`${what} has SHA-256 ${actual}, expected ${expected}`);
};

/**
 * Calls `use` with a new folder inside the cache, on the same file system as the final path, and removes it afterwards.
 * Removes folders that killed runs left behind more than a day ago.
 */
export const withPartialFolder = async <T>(
  cache: string,
  use: (folder: string) => Promise<T>,
): Promise<T> => {
  await mkdir(cache, { recursive: true, mode: 0o700 });
  await requireOnlyOurs(cache);
  for (const name of await readdir(cache)) {
    const left = join(cache, name);
    const age = Date.now() - ((await stat(left).catch(() => undefined))?.mtimeMs ?? Date.now());
    if (name.startsWith(PARTIAL) && age > DAY_MS) await rm(left, { recursive: true, force: true });
  }
  const folder = join(cache, `${PARTIAL}${randomUUID()}`);
  await mkdir(folder, { mode: 0o700 });
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/**
 * Stores a program in the cache under `path`. It is renamed to that path only after its bytes are on disk, so other
 * processes see the whole program or no file. If two processes fetch it at the same time, the second replaces the file by
 * identical bytes.
 */
export const keep = (cache: string, path: string, bytes: Buffer): Promise<string> =>
  withPartialFolder(cache, async (folder) => {
    const partial = join(folder, 'program');
    const file = await open(partial, 'wx', 0o755);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(partial, path);
    return path;
  });

// Write permission for the group or for everyone.
const OTHERS_WRITE = 0o022;

/**
 * Makes sure that only this user and root can replace a program, because we execute it. Removes the write permission of
 * others if the file is ours.
 *
 * @throws Error if another user owns it or can write to it
 */
async function requireOnlyOurs(path: string): Promise<void> {
  const { uid, mode } = await stat(path);
  const us = process.getuid?.();
  if (us === undefined) return;
  if (uid === us && (mode & OTHERS_WRITE) !== 0) return chmod(path, mode & 0o7777 & ~OTHERS_WRITE);
  if ((uid !== us && uid !== 0) || (mode & OTHERS_WRITE) !== 0) {
    throw new Error(
      `${path} can be changed by other users (owner ${uid}, mode ${(mode & 0o777).toString(8)})`,
    );
  }
}

/** Finds programs that an earlier run has stored in the cache. */
export const cached: Source = {
  name: 'cache',
  find: async (program, { cache }) => {
    const path = cachedPath(cache, program);
    const usable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (!usable) throw new Error(`nothing in ${cache} yet`);
    await requireOnlyOurs(cache);
    await requireOnlyOurs(path);
    return path;
  },
};

/** What a source may use. */
export interface SourceContext {
  /** Folder of downloaded programs; see {@link cacheFolder}. */
  readonly cache: string;
  readonly env: NodeJS.ProcessEnv;
  /** Receives a line before each step that takes a while. */
  readonly log: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
  /** Origin of the SDK's downloads, such as `https://temporal.download`. */
  readonly downloadOrigin: string;
}

/** A source of a program. */
export interface Source {
  /** Name in messages: `PATH`, `cache`, `pip`. */
  readonly name: string;
  /**
   * Returns the path of the runnable program.
   *
   * @throws Error whose message says in one line why this source does not have it
   */
  find(program: Program, context: SourceContext): Promise<string>;
}
