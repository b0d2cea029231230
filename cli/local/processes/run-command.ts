// Runs a command to its end and returns what it printed, or throws one readable reason why it failed.
import { spawn } from 'node:child_process';
import { basename } from 'node:path';
import { signalProcess, type Identity } from './managed-process.ts';

/** Options of {@link runCommand}. */
export interface RunCommandOptions {
  /** @default process.env */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** Milliseconds until it is terminated; null for no limit. @default 30_000 */
  readonly timeout?: number | null;
  /** Terminates it when aborted. */
  readonly signal?: AbortSignal | undefined;
  readonly identity?: Identity | undefined;
  /** @default our own */
  readonly cwd?: string;
}

/** A command that could not be started or that failed. */
export class CommandError extends Error {
  /** False if the program could not be started at all. */
  readonly isStarted: boolean;
  /** The last 15 lines that it printed, to standard output or standard error. */
  readonly lastLines: string;

  constructor(message: string, isStarted: boolean, printed: string, options?: ErrorOptions) {
    super(message, options);
    this.isStarted = isStarted;
    this.lastLines = printed.trimEnd().split('\n').slice(-LAST_LINES).join('\n');
  }
}

const LAST_LINES = 15;

const lastLine = (text: string): string | undefined => text.trim().split('\n').at(-1) || undefined;

const notStarted = (name: string, { code, message }: NodeJS.ErrnoException): string => {
  if (code === 'ENOENT') return `${name} is not on PATH`;
  if (code === 'EACCES') return `${name} may not be executed`;
  return `${name}: ${message}`;
};

/**
 * Returns what a command prints to standard output, without surrounding white space. Like our servers, the command does not
 * receive the terminal's Ctrl-C, because we would mistake its end for a failure. The files that it creates are private to
 * this user unless it sets their mode itself.
 *
 * @throws CommandError whose message is one line: not on PATH, timed out, or the last line printed to standard error
 * @throws the signal's reason when aborted
 * @example await runCommand('temporal', ['--version']); // 'temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)'
 */
export const runCommand = (
  program: string,
  args: readonly string[],
  { env = process.env, timeout = 30_000, signal, identity, cwd }: RunCommandOptions = {},
): Promise<string> =>
  new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const name = basename(program);
    // Other users must not be able to change files that the command creates, because we may run these as programs later.
    const umask = process.umask(0o077);
    const child = spawn(program, args, {
      detached: true,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...identity,
      ...(cwd !== undefined && { cwd }),
    });
    process.umask(umask);
    let stdout = '';
    let stderr = '';
    let printed = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk;
      printed += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk;
      printed += chunk;
    });

    const settled = new AbortController();
    const end = (why: Error) => {
      // Signals the whole process group, because the command may have started other processes.
      if (child.pid !== undefined) signalProcess(-child.pid, 'SIGTERM');
      reject(why);
    };
    const limit =
      timeout === null
        ? undefined
        : setTimeout(
            () => end(new CommandError(`${name} did not end within ${timeout / 1000} s`, true, printed)),
            timeout,
          );
    signal?.addEventListener('abort', () => end(signal.reason as Error), { signal: settled.signal });
    const settle = () => {
      clearTimeout(limit);
      settled.abort();
    };
    child.once('error', (error) => {
      settle();
      reject(new CommandError(notStarted(name, error), false, printed, { cause: error }));
    });
    child.once('close', (code, killer) => {
      settle();
      if (code === 0) return resolve(stdout.trim());
      const why = lastLine(stderr) ?? (killer ? `signal ${killer}` : `exit code ${code}`);
      reject(new CommandError(`${name}: ${why}`, true, printed));
    });
  });
