// Inside a thread of the monitor's steps: measures what it is asked for and posts what was found.
import { parentPort, workerData } from 'node:worker_threads';
import { failureOf, type ThreadMessage } from '../training/thread-message.ts';
import { measureTask, type MeasureTask } from './measure-task.ts';

const post = (message: ThreadMessage): void => parentPort?.postMessage(message);

try {
  post({ kind: 'done', result: measureTask(workerData as MeasureTask) });
} catch (error) {
  post(failureOf(error));
}
