// An L2 penalty for a library that has none: rows of our own, added to the data.
import { sigmoid } from './sigmoid.ts';

// Steeper rows leave the range where their loss is nearly a parabola, and then need restating more often.
const SCALE = 0.5;

/**
 * Rows that stand for l2/2 · Σ coefficient²: for each penalised column one that is `scale` in it and 0 elsewhere and counts
 * `weight`, with 4 · l2 = weight · scale², so that near 0 its log loss has the curvature of the penalty.
 */
export interface PenaltyRows {
  readonly scale: number;
  readonly weight: number;
}

/** The rows for a strength; undefined for none. @example penaltyRows(1) // { scale: 0.5, weight: 16 } */
export const penaltyRows = (l2: number): PenaltyRows | undefined =>
  l2 === 0 ? undefined : { scale: SCALE, weight: (4 * l2) / SCALE ** 2 };

/**
 * The target of a column's row for which its gradient at `coefficient` is exactly that of the penalty.
 *
 * Formula: weight · scale · (σ(scale · c) − t) = l2 · c gives t = σ(scale · c) − scale · c / 4. At 0 it is ½. If a fit with
 * the targets of c gives c again, c is the exact optimum of the penalised loss.
 */
export const penaltyTarget = ({ scale }: PenaltyRows, coefficient: number): number =>
  sigmoid(scale * coefficient) - (scale * coefficient) / 4;

/** The gradient of a column's row at `coefficient`, with the target stated at `statedAt`. */
export const penaltyGradient = (row: PenaltyRows, coefficient: number, statedAt: number): number =>
  row.weight * row.scale * (sigmoid(row.scale * coefficient) - penaltyTarget(row, statedAt));
