// Supervises one Node process of Tidegate: starts it, restarts it when it ends, and stops it when asked to.
import { setTimeout as delay } from 'node:timers/promises';
import { paths } from '../../../paths.ts';
import { TidegateError } from '../../../domain/errors.ts';
import { startProcess, type Log, type ManagedProcess } from './managed-process.ts';
import { isReadyMessage } from './ready-message.ts';

/** How to supervise a process. */
export interface SuperviseOptions {
  /** Prefix of each line of its output: `[worker] ...`. */
  readonly name: string;
  /** Arguments of the program. */
  readonly args: readonly string[];
  readonly log: Log;
  /** A script for Node. @default bin/tidegate.mjs */
  readonly script?: string;
  /** @default process.env */
  readonly env?: NodeJS.ProcessEnv;
  /** Milliseconds within which it must report ready. @default 60_000 */
  readonly readyWithin?: number;
  /** Milliseconds between SIGTERM and SIGKILL. @default 15_000 */
  readonly grace?: number;
  /** Milliseconds before the first restart; doubled for each further one, up to `max`. @default { first: 200, max: 10_000 } */
  readonly backoff?: { readonly first: number; readonly max: number };
  /** Cancels the start when aborted and stops what was started. */
  readonly signal?: AbortSignal;
}

/** A supervised process. */
export interface Supervised {
  /** Its current pid; undefined while it waits for a restart. */
  pid(): number | undefined;
  /** How many times it was restarted. */
  restarts(): number;
  /** Ends the supervision and stops the process: SIGTERM, then SIGKILL after the grace time. */
  stop(): Promise<void>;
}

/**
 * Environment of worker and API that saves memory: by default glibc keeps eight arenas a processor, and what is freed in
 * one is not used by the others. Two arenas take 70 MB off a busy worker and cost no processor time.
 */
export const MEMORY_SETTINGS = { MALLOC_ARENA_MAX: '2' } as const;

/** If the process fails after running this long, the wait before its restart is the first, shortest one again. */
const STEADY_MS = 60_000;

/** Resolves when the child reports ready; rejects if it ends or the time is up before that. */
const untilReady = async (
  child: ManagedProcess,
  { name, readyWithin = 60_000, signal }: SuperviseOptions,
) => {
  const given = new AbortController();
  const failed = (what: string) =>
    new TidegateError('SERVER_FAILED', `${name} ${what}. Its last output:\n${child.tail()}`);
  try {
    await new Promise<void>((resolve, reject) => {
      child.child.on('message', (message) => {
        if (isReadyMessage(message)) resolve();
      });
      void child.ended.then((how) => reject(failed(`ended with ${how} before it was ready`)));
      const timer = setTimeout(
        () => reject(failed(`was not ready within ${readyWithin / 1000} s`)),
        readyWithin,
      );
      given.signal.addEventListener('abort', () => clearTimeout(timer));
      signal?.addEventListener('abort', () => reject(signal.reason as Error), { signal: given.signal });
      if (signal?.aborted) reject(signal.reason as Error);
    });
  } finally {
    given.abort();
  }
};

/**
 * Starts a Node process of Tidegate and resolves when it reports ready (see {@link reportReady}). From then on, restarts it
 * whenever it ends, after a wait that grows while it keeps failing.
 *
 * @throws TidegateError SERVER_FAILED if the first start fails, because restarting does not fix a wrong setting
 * @throws the signal's reason when aborted
 * @example const worker = await supervise({ name: 'worker', args: ['worker'], log: console.log });
 */
export const supervise = async (options: SuperviseOptions): Promise<Supervised> => {
  const {
    name,
    args,
    log,
    script = paths.program,
    env,
    grace = 15_000,
    backoff = { first: 200, max: 10_000 },
  } = options;
  const say = (line: string) => log(`[${name}] ${line}`);
  let child: ManagedProcess | undefined;
  let restarts = 0;
  let wait = backoff.first;
  const stopping = new AbortController();

  const start = async (signal: AbortSignal | undefined): Promise<ManagedProcess> => {
    const started = await startProcess({
      program: process.execPath,
      args: [script, ...args],
      log: say,
      env: { ...MEMORY_SETTINGS, ...(env ?? process.env) },
      ipc: true,
    });
    child = started;
    try {
      await untilReady(started, signal === undefined ? options : { ...options, signal });
      return started;
    } catch (error) {
      await started.stop(grace);
      throw error;
    } finally {
      void started.ended.then(() => {
        if (child === started) child = undefined;
      });
    }
  };

  const pause = (ms: number) => delay(ms, undefined, { signal: stopping.signal }).catch(() => undefined);

  const keepAlive = async (running: ManagedProcess): Promise<void> => {
    for (let current: ManagedProcess | undefined = running; !stopping.signal.aborted;) {
      if (current) {
        const since = performance.now();
        const how = await current.ended;
        if (stopping.signal.aborted) return;
        if (performance.now() - since > STEADY_MS) wait = backoff.first;
        say(`ended with ${how}; restarting in ${wait} ms`);
      }
      await pause(wait);
      wait = Math.min(wait * 2, backoff.max);
      if (stopping.signal.aborted) return;
      restarts += 1;
      current = await start(stopping.signal).catch((error: unknown) => {
        if (!stopping.signal.aborted)
          say(`${(error as Error).message.split('\n')[0]}; retrying in ${wait} ms`);
        return undefined;
      });
    }
  };

  const kept = keepAlive(await start(options.signal));
  return {
    pid: () => child?.pid,
    restarts: () => restarts,
    stop: async () => {
      stopping.abort(new Error('stopped'));
      await child?.stop(grace);
      await kept;
    },
  };
};
