// Runs inside a compute thread: does one task after the other, as the pool sends them, and posts progress and results.
import { setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { TidegateError } from '../../domain/errors.ts';
import { failureOf, type TaskMessage, type ThreadMessage } from './message.ts';
import { tasks } from './tasks.ts';

/**
 * Added to the niceness of the process, because computations can wait longer than answers to a person or to Temporal.
 */
const NICENESS = 5;

// Linux has a priority for each thread; elsewhere this would slow down the whole process.
if (process.platform === 'linux') {
  try {
    setPriority(0, NICENESS);
  } catch {
    // Not permitted here: the thread keeps the priority of the process.
  }
}

type AnyTask = (input: unknown, onProgress: (fraction: number) => void) => unknown;

const port = parentPort;
const post = (message: ThreadMessage): void => port?.postMessage(message);

async function work({ task, input }: TaskMessage): Promise<void> {
  try {
    const run = (tasks as unknown as Readonly<Record<string, AnyTask | undefined>>)[task];
    if (!run) throw new TidegateError('DEFECT', `there is no task "${task}"`);
    post({ kind: 'done', result: await run(input, (fraction) => post({ kind: 'progress', fraction })) });
  } catch (error) {
    post(failureOf(error));
  }
}

port?.on('message', (message: TaskMessage) => void work(message));
