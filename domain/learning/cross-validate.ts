// Cross-validates one recipe: each fold is scored by a model that was fitted without its clusters.
import { type Frame } from '../data/frame.ts';
import { type Fold } from './resample/folds.ts';
import { scoreRows } from './artifact/score.ts';
import { type TrainingOptions } from './trainer.ts';
import { trainerNamed } from './trainers.ts';
import { auc } from '../data/math/auc.ts';
import { logLoss } from './metrics/brier.ts';

/** One recipe to validate. */
export interface ValidationTask {
  readonly frame: Frame;
  /** Rows to learn from. For each fold, only those whose clusters are not in the fold are used. */
  readonly rows: Uint32Array;
  /**
   * The rows to score in each fold. The `inside` rows of a fold are not needed, because the model may learn from every
   * row of `rows` whose cluster is not in the fold.
   */
  readonly folds: readonly Pick<Fold, 'outside'>[];
  /** Name of the trainer. */
  readonly trainer: string;
  readonly options: TrainingOptions;
  readonly metric: FoldMetric;
}

/**
 * Returns the metric on each fold, in order.
 *
 * @param onProgress called with the share of the work done, from 0 to 1
 * @throws TidegateError ONE_CLASS, TOO_FEW_LABELS, NOT_CONVERGED if a fold cannot be fitted
 * @example crossValidate({ frame, rows, folds, trainer: 'logistic-regression', options: { seed: 7, l2: 10 }, metric: 'auc' })
 */
export function crossValidate(task: ValidationTask, onProgress?: (fraction: number) => void): number[] {
  const { frame, rows, folds, trainer, metric } = task;
  const { fit } = trainerNamed(trainer);
  // All rows together have enough of each class, but a fold may have slightly fewer.
  const options = { ...task.options, minPositives: 1 };
  return folds.map(({ outside }, fold) => {
    const report = (fraction: number): void => onProgress?.((fold + fraction) / folds.length);
    const learnt = rowsOfOthers(frame.clusters, rows, outside);
    const model = fit({ frame, rows: learnt, options, onProgress: report });
    const labels = Uint8Array.from(outside, (row) => frame.labels[row]!);
    return measureFold(metric, labels, scoreRows(model, frame, outside));
  });
}

/** Returns the rows whose cluster has no row in the fold. */
function rowsOfOthers(clusters: Uint32Array, rows: Uint32Array, outside: Uint32Array): Uint32Array {
  // Clusters are numbered densely, so an array of flags takes less time and memory than a set.
  let largest = 0;
  for (const row of outside) largest = Math.max(largest, clusters[row]!);
  const held = new Uint8Array(largest + 1);
  for (const row of outside) held[clusters[row]!] = 1;
  return rows.filter((row) => held[clusters[row]!] !== 1);
}

/** A metric of scores against labels. */
export type FoldMetric = 'auc' | 'log loss';

/** The metric on the rows of a fold. */
const measureFold = (metric: FoldMetric, labels: Uint8Array, scores: Float64Array): number =>
  // Every fold contains both classes, so the AUC is never null.
  metric === 'auc' ? (auc(labels, scores) ?? 0.5) : logLoss(labels, scores);

/** Turns a value of any metric into one for which higher is better. */
export const goodness = (metric: FoldMetric, value: number): number => (metric === 'auc' ? value : -value);

/** The metric's name for people. */
export const formatMetric = (metric: FoldMetric): string => (metric === 'auc' ? 'AUC' : 'log loss');
