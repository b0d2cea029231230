// Scores training rows out of fold: each by a model that was fitted without the row's cluster.
import { TidegateError } from '../errors.ts';
import { type OutOfFold } from './artifact/calibrate.ts';
import { foldsOf } from './resample/folds.ts';
import { scoreRows } from './artifact/score.ts';
import { trainerNamed } from './trainers.ts';
import { type TrainingTask } from './trainer.ts';

/** A training task with the name of its trainer. */
export interface NamedTask extends TrainingTask {
  readonly trainer: string;
}

/** Out-of-fold scores with the rows' positions in the frame, ascending. Can be sent between threads. */
export interface ScoredOutOfFold extends OutOfFold {
  readonly rows: Uint32Array;
}

/**
 * Splits the training rows into five folds by cluster, and scores each fold with a model fitted on the other four. The
 * scores are not calibrated.
 *
 * @param maxRows if there are more rows, a sample of about this many is used, made of whole clusters
 * @throws TidegateError TOO_FEW_LABELS if the rows cannot be split into folds; as the trainer does on the rows of four folds
 * @example scoreOutOfFold({ frame, rows, trainer, options: { seed: 7 } }, 20_000)
 */
export function scoreOutOfFold(task: NamedTask, maxRows: number): ScoredOutOfFold {
  const { frame, options, onProgress } = task;
  const { folds, reason } = foldsOf(frame, task.rows, { seed: options.seed, maxRows });
  if (folds.length === 0)
    throw new TidegateError('TOO_FEW_LABELS', `rows cannot be scored out of fold: ${reason}`);
  const { fit } = trainerNamed(task.trainer);
  const scored = folds.flatMap(({ inside, outside }, fold) => {
    const model = fit({
      frame,
      rows: inside,
      // All rows together have enough of each class, but a fold may have slightly fewer.
      options: { ...options, minPositives: 1 },
      onProgress: (part) => onProgress?.((fold + part) / folds.length),
    });
    const scores = scoreRows(model, frame, outside);
    return Array.from(outside, (row, at) => ({ row, fold, score: scores[at]! }));
  });
  return outOfFoldOf(frame, scored);
}

/** A row of a frame with its score and its fold. */
export interface FoldScore {
  readonly row: number;
  readonly fold: number;
  readonly score: number;
}

/** Merges the scores of all folds, in the order of the frame's rows. @example outOfFoldOf(frame, scored).labels */
export function outOfFoldOf(
  frame: Pick<TrainingTask['frame'], 'labels' | 'clusters'>,
  scores: readonly FoldScore[],
): ScoredOutOfFold {
  const scored = [...scores].sort((a, b) => a.row - b.row);
  return {
    rows: Uint32Array.from(scored, ({ row }) => row),
    scores: Float64Array.from(scored, ({ score }) => score),
    folds: Uint8Array.from(scored, ({ fold }) => fold),
    labels: Uint8Array.from(scored, ({ row }) => frame.labels[row]!),
    clusters: Uint32Array.from(scored, ({ row }) => frame.clusters[row]!),
  };
}
