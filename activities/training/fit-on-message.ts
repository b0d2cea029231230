// Inside the training thread: fits what it is given and posts progress and what became of it.
import { parentPort, workerData } from 'node:worker_threads';
import { fitVersion } from '../../domain/learning/fit-version.ts';
import { failureOf, type ThreadMessage } from './thread-message.ts';
import { type TrainingInput } from './train-in-thread.ts';

const post = (message: ThreadMessage): void => parentPort?.postMessage(message);

try {
  const task = workerData as TrainingInput;
  const onProgress = (fraction: number): void => post({ kind: 'progress', fraction });
  post({ kind: 'done', result: fitVersion({ ...task, onProgress }) });
} catch (error) {
  post(failureOf(error));
}
