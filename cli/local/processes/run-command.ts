// Runs a command to its end and gives what it printed, or one readable reason why it failed.
import { spawn } from 'node:child_process';
import { basename } from 'node:path';
import { signalProcess, type Identity } from './managed-process.ts';

/** Options of {@link runCommand}. */
export interface RunCommandOptions {
  /** @default process.env */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** Milliseconds until it is ended. @default 30_000 */
  readonly timeout?: number;
  /** Ends it when aborted. */
  readonly signal?: AbortSignal | undefined;
  readonly identity?: Identity | undefined;
  /** @default our own */
  readonly cwd?: string;
}

const lastLine = (text: string): string | undefined => text.trim().split('\n').at(-1) || undefined;

const notStarted = (name: string, { code, message }: NodeJS.ErrnoException): string => {
  if (code === 'ENOENT') return `${name} is not on PATH`;
  if (code === 'EACCES') return `${name} may not be executed`;
  return `${name}: ${message}`;
};

/**
 * What a command prints to standard output, without surrounding white space. Like our servers it runs out of reach of
 * the terminal's Ctrl-C: a command that ended by it would be taken for one that failed, and its failure acted upon.
 *
 * @throws Error with one line: not on PATH, timed out, or the last line it printed to standard error
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
    const child = spawn(program, args, {
      detached: true,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...identity,
      ...(cwd !== undefined && { cwd }),
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));

    const settled = new AbortController();
    const end = (why: Error) => {
      // With all that it started: a compiler has compilers of its own.
      if (child.pid !== undefined) signalProcess(-child.pid, 'SIGTERM');
      reject(why);
    };
    const limit = setTimeout(() => end(new Error(`${name} did not end within ${timeout / 1000} s`)), timeout);
    signal?.addEventListener('abort', () => end(signal.reason as Error), { signal: settled.signal });
    const settle = () => {
      clearTimeout(limit);
      settled.abort();
    };
    child.once('error', (error) => {
      settle();
      reject(new Error(notStarted(name, error), { cause: error }));
    });
    child.once('close', (code, killer) => {
      settle();
      if (code === 0) resolve(stdout.trim());
      else
        reject(
          new Error(`${name}: ${lastLine(stderr) ?? (killer ? `signal ${killer}` : `exit code ${code}`)}`),
        );
    });
  });
