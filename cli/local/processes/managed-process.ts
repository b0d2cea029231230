// A child process that we start and stop: its output line by line, its end as a promise, a stop with a deadline.
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { TidegateError } from '../../../domain/errors.ts';

/** Receives one line of output, without its line break. */
export type Log = (line: string) => void;

/** The user and group that a process runs as. */
export interface Identity {
  readonly uid: number;
  readonly gid: number;
}

/** How to start a process. */
export interface ManagedProcessOptions {
  readonly program: string;
  readonly args: readonly string[];
  readonly log: Log;
  /** The signal that asks it to shut down cleanly. @default 'SIGTERM' */
  readonly stopSignal?: NodeJS.Signals;
  /** Only root can choose another user. @default our own */
  readonly identity?: Identity | undefined;
  /** @default process.env */
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly cwd?: string | undefined;
  /** Opens a message channel to a Node child. @default false */
  readonly ipc?: boolean;
}

/** A started child process. */
export interface ManagedProcess {
  readonly pid: number;
  readonly child: ChildProcess;
  /** Resolves when it has ended: `exit code 1`, `signal SIGKILL`. Never rejects. */
  readonly ended: Promise<string>;
  /** Its last 20 lines of output. */
  tail(): string;
  /** Sends the stop signal, waits at most `grace` milliseconds, then kills it and all processes it started. */
  stop(grace: number): Promise<void>;
}

const TAIL_LINES = 20;

/** Signals a process, or a process group if `pid` is negative. Does nothing if it has already ended. */
export const signalProcess = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal);
  } catch {
    // It has already ended.
  }
};

const living = new Map<number, NodeJS.Signals>();

// If this process calls `process.exit` or crashes, signal all children that still run, so that none is left behind.
process.once('exit', () => {
  for (const [pid, signal] of living) signalProcess(pid, signal);
});

/**
 * Waits until a child has ended, and then at most a second for the rest of its output, because a grandchild may keep the pipes
 * open.
 */
const endOf = (child: ChildProcess): Promise<string> =>
  new Promise((resolve) => {
    const settle = () =>
      resolve(child.signalCode ? `signal ${child.signalCode}` : `exit code ${child.exitCode ?? 'unknown'}`);
    child.once('close', settle);
    child.once('exit', () => {
      if (child.pid !== undefined) living.delete(child.pid);
      setTimeout(settle, 1_000).unref();
    });
  });

/**
 * Starts a child process in its own session, so that Ctrl-C in the terminal reaches only us and we can stop the children in
 * order.
 *
 * @throws the error of `spawn` if the program cannot be executed
 * @example const server = await startProcess({ program: 'temporal', args: ['server', 'start-dev'], log });
 */
export const startProcess = async (options: ManagedProcessOptions): Promise<ManagedProcess> => {
  const {
    program,
    args,
    log,
    stopSignal = 'SIGTERM',
    identity,
    env = process.env,
    cwd,
    ipc = false,
  } = options;
  // The child inherits the umask, so that only this user can read its data files.
  const umask = process.umask(0o077);
  const child = spawn(program, args, {
    detached: true,
    env,
    stdio: ['ignore', 'pipe', 'pipe', ...(ipc ? (['ipc'] as const) : [])],
    ...(cwd !== undefined && { cwd }),
    ...identity,
  });
  process.umask(umask);

  const lines: string[] = [];
  for (const input of [child.stdout, child.stderr]) {
    if (!input) continue;
    createInterface({ input, crlfDelay: Infinity }).on('line', (line) => {
      lines.push(line);
      if (lines.length > TAIL_LINES) lines.shift();
      log(line);
    });
  }

  const ended = endOf(child);
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    // Uses `on` and not `once`, because a later error without a listener would be thrown. Nothing else uses later errors.
    child.on('error', reject);
  });

  const pid = child.pid as number;
  living.set(pid, stopSignal);

  return {
    pid,
    child,
    ended,
    tail: () => lines.join('\n'),
    stop: async (grace) => {
      if (child.exitCode === null && child.signalCode === null) signalProcess(pid, stopSignal);
      const timer = setTimeout(() => signalProcess(-pid, 'SIGKILL'), grace);
      await ended.finally(() => clearTimeout(timer));
    },
  };
};

/** How to wait for a server. */
interface UntilAnswers {
  /** The server's name in the error. */
  readonly name: string;
  /** Makes one real call; rejects if the server does not answer. */
  readonly call: () => Promise<unknown>;
  /** Milliseconds. */
  readonly within: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Repeats a call until the server answers it.
 *
 * @throws TidegateError SERVER_FAILED with the server's last output if it has ended or the time is up
 * @throws the signal's reason when aborted
 * @example await untilAnswers(server, { name: 'Postgres', call: ping, within: 60_000, signal: undefined });
 */
export const untilAnswers = async (
  server: ManagedProcess,
  { name, call, within, signal }: UntilAnswers,
): Promise<void> => {
  const deadline = performance.now() + within;
  let end: string | undefined;
  void server.ended.then((how) => (end = how));
  for (;;) {
    signal?.throwIfAborted();
    const failure = await call().then(
      () => undefined,
      (error: unknown) => error as Error,
    );
    // An answer does not count if our server has ended: then another server is listening at this address.
    if (end === undefined && !failure) return;
    if (end !== undefined || performance.now() > deadline) {
      const what = end === undefined ? `did not answer (${failure?.message})` : `ended with ${end}`;
      throw new TidegateError('SERVER_FAILED', `${name} ${what}. Its last output:\n${server.tail()}`);
    }
    await delay(25);
  }
};
