// Computing beside the caller's own thread, in the one pool of the process.
import { availableParallelism } from 'node:os';
import { paths } from '../../paths.ts';
import { whileElsewhere } from '../../store/postgres/watched.ts';
import { type ComputeControl, ComputePool } from './pool.ts';
import { type TaskInput, type TaskName, type TaskResult } from './tasks.ts';

// As many as there are processors: a task keeps one busy, and more of them would only hold memory.
const pool = new ComputePool({
  entry: paths.computeThread,
  size: availableParallelism(),
});

/** Ends all threads, with what they compute: for the end of the process. */
export const endCompute = (): Promise<void> => pool.end();

/**
 * Runs a task of the table in a thread and gives what it gives here; the input is copied. At most as many run at once
 * as the machine has processors, however many ask.
 *
 * @throws the signal's reason when aborted, once the thread has ended
 * @throws TidegateError as the task does; TRAINING_THREAD_FAILED if the thread itself breaks
 * @example await compute('fit', { frame, rows, trainer, options: { seed } }, { signal, onProgress });
 */
export const compute = async <Name extends TaskName>(
  task: Name,
  input: TaskInput<Name>,
  control: ComputeControl,
): Promise<TaskResult<Name>> =>
  (await whileElsewhere(() => pool.run(task, input, control))) as TaskResult<Name>;
