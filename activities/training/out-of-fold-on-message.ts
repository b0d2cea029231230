// Inside a scoring thread: scores training rows out of fold and posts progress and what became of it.
import { parentPort, workerData } from 'node:worker_threads';
import { scoreOutOfFold } from '../../domain/learning/out-of-fold.ts';
import { type OutOfFoldInput } from './score-training.ts';
import { failureOf, type ThreadMessage } from './thread-message.ts';

const post = (message: ThreadMessage): void => parentPort?.postMessage(message);

try {
  const { mostRows, ...task } = workerData as OutOfFoldInput;
  const onProgress = (fraction: number): void => post({ kind: 'progress', fraction });
  post({ kind: 'done', result: scoreOutOfFold({ ...task, onProgress }, mostRows) });
} catch (error) {
  post(failureOf(error));
}
