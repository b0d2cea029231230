// Training rows scored out of fold: each by a model that saw nothing of its cluster.
import { TidegateError } from '../errors.ts';
import { type OutOfFold } from './artifact/calibrate.ts';
import { foldsOf } from './resample/folds.ts';
import { scoreRows } from './artifact/score.ts';
import { trainerNamed } from './trainers.ts';
import { type TrainingTask } from './trainer.ts';

/** A training by a trainer's name. */
export interface NamedTask extends TrainingTask {
  readonly trainer: string;
}

/** Scored rows, and their numbers in the frame, ascending. Can be sent between threads. */
export interface ScoredOutOfFold extends OutOfFold {
  readonly rows: Uint32Array;
}

/**
 * Deals the rows that are learnt from into five folds by cluster, fits on four and scores the fifth. The scores are those
 * of the fit, before calibration.
 *
 * @param maxRows of more, so many are dealt, whole clusters of them
 * @throws TidegateError TOO_FEW_LABELS where no folds can be dealt; as the trainer does on the rows of four folds
 * @example scoreOutOfFold({ frame, rows, trainer, options: { seed: 7 } }, 20_000)
 */
export function scoreOutOfFold(task: NamedTask, maxRows: number): ScoredOutOfFold {
  const { frame, options, onProgress } = task;
  const { folds, reason } = foldsOf(frame, task.rows, { seed: options.seed, maxRows });
  if (folds.length === 0)
    throw new TidegateError('TOO_FEW_LABELS', `nothing can be scored out of fold: ${reason}`);
  const { fit } = trainerNamed(task.trainer);
  const scored = folds.flatMap(({ inside, outside }, fold) => {
    const model = fit({
      frame,
      rows: inside,
      // The whole had enough of each class; a fold may have a few less.
      options: { ...options, minPositives: 1 },
      onProgress: (part) => onProgress?.((fold + part) / folds.length),
    });
    const scores = scoreRows(model, frame, outside);
    return Array.from(outside, (row, at) => ({ row, fold, score: scores[at]! }));
  });
  return outOfFoldOf(frame, scored);
}

/** A row of a frame with its score, and the fold whose model gave it. */
export interface FoldScore {
  readonly row: number;
  readonly fold: number;
  readonly score: number;
}

/** Scores of all folds put together, in the order of the frame's rows. @example outOfFoldOf(frame, scored).labels */
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
