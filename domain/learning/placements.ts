// Placements: for each row, the share of the other class that its score beats; the structural components of the AUC.
import { midranks } from './midranks.ts';

/** The AUC with its structural components. */
export interface Placements {
  /** Probability that a positive scores above a negative, ties counting half; 0 to 1. */
  readonly auc: number;
  /** For each row: of a positive, the share of negatives below it; of a negative, the share of positives above it. */
  readonly components: Float64Array;
  readonly positives: number;
  readonly negatives: number;
}

/**
 * Structural components by midranks.
 *
 * Formula: V10(i) = (R_i − R⁺_i) / n⁻ for positives and V01(j) = 1 − (R_j − R⁻_j) / n⁺ for negatives, where R are ranks
 * among all rows and R⁺, R⁻ among the row's own class (Sun and Xu, 2014); the AUC is the mean of either.
 *
 * @param labels 0 or 1, of the length of `scores`; both must occur
 */
export function placementsOf(labels: Uint8Array, scores: Float64Array): Placements {
  const all = midranks(scores);
  const components = new Float64Array(scores.length);
  const positives = place(labels, scores, 1, all, components);
  const negatives = place(labels, scores, 0, all, components);
  let sum = 0;
  for (let row = 0; row < scores.length; row += 1) {
    const beaten = (components[row] ?? 0) / (labels[row] === 1 ? negatives : positives);
    components[row] = labels[row] === 1 ? beaten : 1 - beaten;
    if (labels[row] === 1) sum += components[row] ?? 0;
  }
  return { auc: sum / positives, components, positives, negatives };
}

/** Writes, for the rows of one class, how many rows of the other they beat; returns the size of the class. */
function place(
  labels: Uint8Array,
  scores: Float64Array,
  of: 0 | 1,
  all: Float64Array,
  out: Float64Array,
): number {
  const rows = Uint32Array.from(labels.keys()).filter((row) => labels[row] === of);
  const own = midranks(Float64Array.from(rows, (row) => scores[row] ?? 0));
  rows.forEach((row, index) => (out[row] = (all[row] ?? 0) - (own[index] ?? 0)));
  return rows.length;
}
