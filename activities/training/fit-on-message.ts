// Inside the training thread: fits what it is given and posts progress and result.
import { parentPort, workerData } from 'node:worker_threads';
import { TidegateError } from '../../domain/errors.ts';
import { trainerNamed } from '../../domain/learning/trainers.ts';
import { type TrainingInput, type TrainingMessage } from './train-in-thread.ts';

const post = (message: TrainingMessage): void => parentPort?.postMessage(message);
const { frame, rows, trainer, options } = workerData as TrainingInput;

try {
  const artifact = trainerNamed(trainer).fit(frame, rows, options, (share) =>
    post({ kind: 'progress', share }),
  );
  post({ kind: 'done', artifact });
} catch (error) {
  if (!(error instanceof TidegateError)) throw error;
  // An error's class does not survive the way between threads: its code and words do.
  post({ kind: 'refused', code: error.code, message: error.message });
}
