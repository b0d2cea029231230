// By what measure recipes are told apart, fold by fold.
import { auc } from './auc.ts';
import { logLoss } from './log-loss.ts';

/** A measure of scores against labels. */
export type FoldMetric = 'auc' | 'log loss';

/** The measure on the rows of a fold, which hold both classes. */
export const measureFold = (metric: FoldMetric, labels: Uint8Array, scores: Float64Array): number =>
  // Folds of one class are not dealt, so the AUC is always there.
  metric === 'auc' ? (auc(labels, scores) ?? 0.5) : logLoss(labels, scores);

/** How good a value is: higher is better, whatever the measure. */
export const goodness = (metric: FoldMetric, value: number): number => (metric === 'auc' ? value : -value);

/** The measure as people write it. */
export const metricInWords = (metric: FoldMetric): string => (metric === 'auc' ? 'AUC' : 'log loss');
