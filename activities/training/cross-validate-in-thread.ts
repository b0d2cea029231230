// Cross-validation in a thread of its own, so that an activity can heartbeat and be cancelled meanwhile.
import { type ValidationTask } from '../../domain/learning/cross-validate.ts';
import { runThread, type ThreadControl } from './run-thread.ts';

const entry = new URL('./validation-thread.mjs', import.meta.url);

/**
 * What `crossValidate` gives, from a thread.
 *
 * @throws the signal's reason, once the thread has ended, when aborted
 * @throws TidegateError as `crossValidate` does; TRAINING_THREAD_FAILED where the thread itself breaks
 * @example await crossValidateInThread({ frame, rows, folds, trainer, options, metric }, { signal, onProgress });
 */
export const crossValidateInThread = async (
  task: ValidationTask,
  control: ThreadControl,
): Promise<number[]> => (await runThread(entry, task, control)) as number[];
