// Cross-validation of one recipe: each fold is judged by a model that saw none of its clusters.
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
  /** Rows that may be learnt from; of each fold, those of other clusters are. */
  readonly rows: Uint32Array;
  /** Their `outside` rows are judged. Of the `inside` only the clusters' absence counts: more rows may be learnt from. */
  readonly folds: readonly Pick<Fold, 'outside'>[];
  /** Name of the trainer. */
  readonly trainer: string;
  readonly options: TrainingOptions;
  readonly metric: FoldMetric;
}

/**
 * The measure on each fold, in order.
 *
 * @param onProgress told from 0 to 1 how far it is
 * @throws TidegateError ONE_CLASS, TOO_FEW_LABELS, NOT_CONVERGED where a fold cannot be learnt
 * @example crossValidate({ frame, rows, folds, trainer: 'logistic-regression', options: { seed: 7, l2: 10 }, metric: 'auc' })
 */
export function crossValidate(task: ValidationTask, onProgress?: (fraction: number) => void): number[] {
  const { frame, rows, folds, trainer, metric } = task;
  const { fit } = trainerNamed(trainer);
  // The whole had enough of each class; a fold may have a few less.
  const options = { ...task.options, minPositives: 1 };
  return folds.map(({ outside }, fold) => {
    const tell = (fraction: number): void => onProgress?.((fold + fraction) / folds.length);
    const learnt = rowsOfOthers(frame.clusters, rows, outside);
    const model = fit({ frame, rows: learnt, options, onProgress: tell });
    const labels = Uint8Array.from(outside, (row) => frame.labels[row]!);
    return measureFold(metric, labels, scoreRows(model, frame, outside));
  });
}

/** The rows whose cluster has no row in the fold. */
function rowsOfOthers(clusters: Uint32Array, rows: Uint32Array, outside: Uint32Array): Uint32Array {
  // Clusters are numbered densely: a mark for each takes less time and memory than a set of them.
  let largest = 0;
  for (const row of outside) largest = Math.max(largest, clusters[row]!);
  const held = new Uint8Array(largest + 1);
  for (const row of outside) held[clusters[row]!] = 1;
  return rows.filter((row) => held[clusters[row]!] !== 1);
}

/** A measure of scores against labels. */
export type FoldMetric = 'auc' | 'log loss';

/** The measure on the rows of a fold, which hold both classes. */
const measureFold = (metric: FoldMetric, labels: Uint8Array, scores: Float64Array): number =>
  // Folds of one class are not dealt, so the AUC is always there.
  metric === 'auc' ? (auc(labels, scores) ?? 0.5) : logLoss(labels, scores);

/** How good a value is: higher is better, whatever the measure. */
export const goodness = (metric: FoldMetric, value: number): number => (metric === 'auc' ? value : -value);

/** The measure as people write it. */
export const formatMetric = (metric: FoldMetric): string => (metric === 'auc' ? 'AUC' : 'log loss');
