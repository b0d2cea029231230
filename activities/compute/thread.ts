// Runs inside a compute thread: computes the tasks that the pool sends, one after the other, and posts progress and
// results.
import { setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { TidegateError } from '../../domain/errors.ts';
import { failureOf, type TaskMessage, type ThreadMessage } from './message.ts';
import { tasks } from './tasks.ts';

/**
 * Added to the niceness of the process: computations get a lower priority than the answers that a person or Temporal
 * waits for.
 */
const NICENESS = 5;

// Only Linux has a priority for each thread; on other systems, this would change the priority of the whole process.
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
