// Inside the validating thread: judges the recipe it is given and posts progress and the measure on each fold.
import { parentPort, workerData } from 'node:worker_threads';
import { crossValidate, type ValidationTask } from '../../domain/learning/cross-validate.ts';
import { failureOf, type ThreadMessage } from './thread-message.ts';

const post = (message: ThreadMessage): void => parentPort?.postMessage(message);

try {
  const onProgress = (fraction: number): void => post({ kind: 'progress', fraction });
  post({ kind: 'done', result: crossValidate(workerData as ValidationTask, onProgress) });
} catch (error) {
  post(failureOf(error));
}
