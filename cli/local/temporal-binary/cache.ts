// The folder in which fetched programs are kept, and how one gets in: whole, checked, and at once.
import { createHash, randomUUID } from 'node:crypto';
import { access, chmod, constants, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Program } from './program.ts';

const PARTIAL = '.partial-';
const DAY_MS = 86_400_000;

/** `$TIDEGATE_CACHE`, else `$XDG_CACHE_HOME/tidegate`, else `~/.cache/tidegate`. */
export const cacheFolder = (env: NodeJS.ProcessEnv): string =>
  env['TIDEGATE_CACHE'] || join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'tidegate');

/** Where the pinned build of a program is kept. */
export const cachedPath = (cache: string, program: Program): string =>
  join(cache, `${program.name}-${program.version}`);

/** Where a program built here with Go is kept; another version, so never under the pinned one's name. */
export const builtPath = (cache: string, program: Program): string => join(cache, `${program.name}-built`);

/** Refuses bytes that are not the ones we pinned. @throws Error naming both digests */
export const requireDigest = (what: string, bytes: Buffer, expected: string): void => {
  const actual = createHash('sha256').update(bytes).digest('hex');
  if (actual !== expected) throw new Error(`${what} has SHA-256 ${actual}, expected ${expected}`);
};

/**
 * Calls `use` with a fresh folder inside the cache, on the same file system as its final place, and removes it
 * afterwards. Leftovers of killed runs go after a day.
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
 * Puts a program into the cache under `path`, by a rename after the bytes are on disk: whoever looks sees all of it or
 * nothing, and of two who fetch at the same time the later replaces the same bytes.
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

// Whoever may write to a group or to all.
const OTHERS_WRITE = 0o022;

/**
 * A program that others can change is theirs to choose. What is ours is closed to them; what is not ours is not used.
 *
 * @throws Error if somebody else than this user and root could put another program there
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

/** The copy that an earlier run fetched. */
export const cached: Source = {
  name: 'cache',
  find: async (program, { cache }) => {
    for (const path of [cachedPath(cache, program), builtPath(cache, program)]) {
      const usable = await access(path, constants.X_OK).then(
        () => true,
        () => false,
      );
      if (!usable) continue;
      await requireOnlyOurs(cache);
      await requireOnlyOurs(path);
      return path;
    }
    throw new Error(`nothing in ${cache} yet`);
  },
};

/** What a source may use. */
export interface SourceContext {
  /** Where found programs are kept; see {@link cacheFolder}. */
  readonly cache: string;
  readonly env: NodeJS.ProcessEnv;
  /** Tells a person what takes a while. */
  readonly log: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
  /** Where the SDK's downloads come from. */
  readonly downloadOrigin: string;
}

/** One way to come by a program. */
export interface Source {
  /** As printed: `PATH`, `cache`, `pip`. */
  readonly name: string;
  /**
   * The path of the runnable program.
   *
   * @throws Error whose message is the reason, in one line, why this way is closed
   */
  find(program: Program, context: SourceContext): Promise<string>;
}
