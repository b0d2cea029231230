// Runs computations in the process's one pool of threads.
import { availableParallelism } from 'node:os';
import { paths } from '../../paths.ts';
import { whileElsewhere } from '../../store/postgres/watched.ts';
import { type ComputeControl, ComputePool } from './pool.ts';
import { type TaskInput, type TaskName, type TaskResult } from './tasks.ts';

// One thread per processor: a task keeps one processor busy, and more threads would only take memory.
const pool = new ComputePool({
  entry: paths.computeThread,
  size: availableParallelism(),
});

/** Ends all threads and their computations; called when the process ends. */
export const endCompute = (): Promise<void> => pool.end();

/**
 * Runs a task of `tasks` in a thread and returns its result; the input is copied. At most as many tasks run at the same
 * time as the machine has processors; the others wait.
 *
 * @throws the signal's reason when aborted, once the thread has ended
 * @throws TidegateError the error that the task throws; TRAINING_THREAD_FAILED if the thread itself fails
 * @example await compute('fit', { frame, rows, trainer, options: { seed } }, { signal, onProgress });
 */
export const compute = async <Name extends TaskName>(
  task: Name,
  input: TaskInput<Name>,
  control: ComputeControl,
): Promise<TaskResult<Name>> =>
  (await whileElsewhere(() => pool.run(task, input, control))) as TaskResult<Name>;
