// Measuring beside the worker's own thread: resampling a million rows takes seconds, and the worker answers meanwhile.
import {
  measureComparison,
  type MeasuredComparison,
  type MeasureInput,
} from '../../domain/learning/measure-comparison.ts';
import { openScorer, type ScorerSource } from '../../scoring/scorer-source.ts';
import { runThread, type ThreadControl } from '../training/run-thread.ts';

const entry = new URL('./thread.mjs', import.meta.url);

/** What the thread is given. */
export interface MeasureMessage {
  readonly input: MeasureInput;
  readonly candidate: ScorerSource;
}

/** So few rows are measured in less time than a thread needs to start. */
const FEW_ROWS = 5_000;

/**
 * What `measureComparison` gives; of more than 5,000 rows in a thread of its own.
 *
 * @throws the signal's reason, once the thread has ended, when aborted
 * @throws TidegateError as `measureComparison` does; TRAINING_THREAD_FAILED where the thread itself breaks
 */
export async function measureInThread(
  input: MeasureInput,
  candidate: ScorerSource,
  control: ThreadControl,
): Promise<MeasuredComparison> {
  if (input.frame.rows <= FEW_ROWS) {
    return measureComparison(input, await openScorer(candidate), control.onProgress);
  }
  return (await runThread(
    entry,
    { input, candidate } satisfies MeasureMessage,
    control,
  )) as MeasuredComparison;
}
