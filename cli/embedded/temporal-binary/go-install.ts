// Builds the program from source with the machine's Go; minutes, and the last way open.
import { chmod, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../run-command.ts';
import { builtPath, withPartialFolder } from './cache.ts';
import type { Source } from './source.ts';

const BUILD_WITHIN_MS = 1_800_000;

/** `go install` of the pinned module version, which Go itself checks against its checksum database. */
export const goInstall: Source = {
  name: 'go install',
  find: async (program, { cache, env, log, signal }) => {
    const { goPackage } = program;
    if (goPackage === undefined) throw new Error(`${program.name} is not a Go program`);
    await runCommand('go', ['version'], { env, signal });
    return withPartialFolder(cache, async (folder) => {
      log(`building ${goPackage} from source; this takes some minutes`);
      await runCommand('go', ['install', goPackage], {
        env: { ...env, GOBIN: folder },
        signal,
        timeout: BUILD_WITHIN_MS,
        // Outside any module, whose go.mod would otherwise be read.
        cwd: folder,
      });
      await chmod(join(folder, program.name), 0o755);
      await rename(join(folder, program.name), builtPath(cache, program));
      return builtPath(cache, program);
    });
  },
};
