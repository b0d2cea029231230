// How far a metric strays by chance alone, learnt on the reference: one row's deviation and how many rows carry it.
import { structuralComponents } from '../learning/structural-components.ts';
import { expectedConfusion } from './expected-confusion.ts';

/** The deviation that one row brings into a metric, and the share of rows that bring it. */
export interface SamplingError {
  readonly deviation: number;
  /** In (0, 1]. */
  readonly share: number;
}

/** The standard error of a metric on `rows` rows. @example standardError({ deviation: 0.3, share: 0.2 }, 1_000) // 0.021 */
export const standardError = ({ deviation, share }: SamplingError, rows: number): number =>
  deviation / Math.sqrt(rows * share);

/**
 * Of the AUC: the deviation, over rows of the rarer class, of the share of the other class that each stands above.
 * Null with one class.
 *
 * Source: NannyML's `auroc_sampling_error_components`, by the variance of a Mann-Whitney sum; equal scores count half,
 * where NannyML's count by the order of the rows.
 *
 * @param labels 0 or 1 per row
 */
export function aucSamplingError(scores: Float64Array, labels: ArrayLike<number>): SamplingError | null {
  const components = structuralComponents(labels, scores);
  if (components === null) return null;
  const hits = Array.from(labels).reduce((sum, label) => sum + label, 0);
  const rarer = hits * 2 > scores.length ? 0 : 1;
  const values = components.values.filter((_, row) => labels[row] === rarer);
  return { deviation: deviationOf(values), share: values.length / scores.length };
}

/** Of the accuracy: the deviation of being right. Null without rows. */
export function accuracySamplingError(
  scores: Float64Array,
  labels: ArrayLike<number>,
  cut: number,
): SamplingError | null {
  if (scores.length === 0) return null;
  const right = scores.map((score, row) => Number(Number(score >= cut) === labels[row]));
  return { deviation: deviationOf(right), share: 1 };
}

/**
 * Of F1: over rows that are positive or predicted so, the deviation of a true positive's worth. Null where there is none.
 *
 * Source: NannyML's `f1_sampling_error_components`.
 */
export function f1SamplingError(
  scores: Float64Array,
  labels: ArrayLike<number>,
  cut: number,
): SamplingError | null {
  const { truePositives: hits, falsePositives, falseNegatives } = expectedConfusion(scores, labels, cut);
  const misses = falsePositives + falseNegatives;
  const rows = hits + misses;
  if (rows === 0) return null;
  const worth = rows / (hits + misses / 2);
  // The deviation of a share, since each of the rows counts `worth` or nothing.
  const deviation = worth * Math.sqrt((hits / rows) * (misses / rows));
  return { deviation, share: rows / scores.length };
}

function deviationOf(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}
