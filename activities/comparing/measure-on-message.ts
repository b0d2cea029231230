// Inside the measuring thread: measures what it is given and posts progress and what was found.
import { parentPort, workerData } from 'node:worker_threads';
import { measureComparison, type MeasureInput } from '../../domain/learning/measure-comparison.ts';
import { failureOf, type ThreadMessage } from '../training/thread-message.ts';

const post = (message: ThreadMessage): void => parentPort?.postMessage(message);

try {
  const onProgress = (fraction: number): void => post({ kind: 'progress', fraction });
  post({ kind: 'done', result: measureComparison(workerData as MeasureInput, onProgress) });
} catch (error) {
  post(failureOf(error));
}
