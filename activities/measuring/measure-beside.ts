// Measuring beside the worker's own thread: it takes seconds, and the worker answers and heartbeats meanwhile.
import { runThread, type ThreadControl } from '../training/run-thread.ts';
import { measureTask, type MeasureResult, type MeasureTask } from './measure-task.ts';

const entry = new URL('./thread.mjs', import.meta.url);

/** So few rows are measured in less time than a thread needs to start. */
const FEW_ROWS = 1_000;

/**
 * What `measureTask` gives; of more than 1,000 rows in a thread of its own.
 *
 * @throws the signal's reason, once the thread has ended, when aborted
 * @throws TidegateError as the task does; TRAINING_THREAD_FAILED where the thread itself breaks
 * @example await measureBeside({ kind: 'performance', rows, seed: 7 }, { signal, onProgress: heartbeat })
 */
export async function measureBeside<T extends MeasureTask>(
  task: T,
  control: ThreadControl,
): Promise<MeasureResult<T>> {
  if (rowsOf(task) <= FEW_ROWS) return measureTask(task);
  return (await runThread(entry, task, control)) as MeasureResult<T>;
}

const rowsOf = (task: MeasureTask): number =>
  task.kind === 'performance' ? task.rows.labels.length : task.reference.rows + task.window.rows;
