// Inside the measuring thread: measures what it is given and posts progress and what was found.
import { parentPort, workerData } from 'node:worker_threads';
import { measureComparison } from '../../domain/learning/measure-comparison.ts';
import { openScorer } from '../../scoring/scorer-source.ts';
import { failureOf, type ThreadMessage } from '../training/thread-message.ts';
import { type MeasureMessage } from './measure-in-thread.ts';

const post = (message: ThreadMessage): void => parentPort?.postMessage(message);

try {
  const onProgress = (fraction: number): void => post({ kind: 'progress', fraction });
  const { input, candidate } = workerData as MeasureMessage;
  const result = await measureComparison(input, await openScorer(candidate), onProgress);
  post({ kind: 'done', result });
} catch (error) {
  post(failureOf(error));
}
