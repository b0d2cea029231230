// Training in a thread of its own, so that an activity can heartbeat and be cancelled meanwhile.
import { type Artifact } from '../../domain/learning/artifact.ts';
import { type VersionTask } from '../../domain/learning/fit-version.ts';
import { runThread, type ThreadControl } from './run-thread.ts';

/** A training that can be sent to a thread. */
export type TrainingInput = Omit<VersionTask, 'onProgress'>;

const entry = new URL('./thread.mjs', import.meta.url);

/**
 * Fits a version in a thread: the same bytes as `fitVersion` gives here.
 *
 * @throws the signal's reason, once the thread has ended, when aborted
 * @throws TidegateError as `fitVersion` does; TRAINING_THREAD_FAILED where the thread itself breaks
 * @example await trainInThread({ frame, rows, trainer, options: { seed } }, { signal, onProgress });
 */
export const trainInThread = async (input: TrainingInput, control: ThreadControl): Promise<Artifact> =>
  (await runThread(entry, input, control)) as Artifact;
