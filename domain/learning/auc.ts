// The area under the ROC curve.
import { structuralComponents } from './structural-components.ts';

/**
 * The probability that a positive row scores above a negative one, ties counting half; in [0, 1], null unless both
 * classes are there. Labels are 0 or 1.
 *
 * Formula: (Σ midranks of positives − m(m + 1)/2) / (m n), as in scikit-learn's roc_auc_score.
 *
 * @example auc([0, 0, 1, 1], Float64Array.of(0.1, 0.8, 0.2, 0.9)) // 0.75
 */
export const auc = (labels: ArrayLike<number>, scores: Float64Array): number | null =>
  structuralComponents(labels, scores)?.auc ?? null;
