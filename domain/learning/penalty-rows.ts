// An L2 penalty for a library that has none: rows of our own, added to the data.
import { sigmoid } from './sigmoid.ts';

const MOST_COPIES = 64;
// Steep rows leave the range where their loss is nearly a parabola, and then need restating more often.
const STEEPEST = 0.5;

/**
 * Rows that stand for l2/2 · Σ coefficient²: per penalised column j, `copies` rows that are `scale` in j and 0 elsewhere
 * and count `weight` each, with 4 · l2 = copies · weight · scale², so that near 0 their log loss has the curvature of the
 * penalty.
 */
export interface PenaltyRows {
  readonly copies: number;
  readonly scale: number;
  readonly weight: number;
}

/** The rows for a strength, each counting 1. @example penaltyRows(1) // { copies: 16, scale: 0.5, weight: 1 } */
export function penaltyRows(l2: number): PenaltyRows {
  if (l2 === 0) return { copies: 0, scale: 0, weight: 1 };
  const copies = Math.min(MOST_COPIES, Math.ceil((4 * l2) / STEEPEST ** 2));
  return { copies, scale: 2 * Math.sqrt(l2 / copies), weight: 1 };
}

/** The rows for a strength, as few as columns and never steep: they count as much as it takes. */
export const heavyPenaltyRows = (l2: number): PenaltyRows => ({
  copies: 1,
  scale: STEEPEST,
  weight: (4 * l2) / STEEPEST ** 2,
});

/** Whether the rows are steep enough to throw a descent off. */
export const isSteep = ({ scale }: PenaltyRows): boolean => scale > STEEPEST;

/**
 * The target of a column's rows for which their gradient at `coefficient` is exactly that of the penalty.
 *
 * Formula: copies · weight · scale · (σ(scale · c) − t) = l2 · c gives t = σ(scale · c) − scale · c / 4. At 0 it is ½. Where a fit
 * with the targets of c gives c again, c is the exact optimum of the penalised loss.
 */
export const penaltyTarget = ({ scale }: PenaltyRows, coefficient: number): number =>
  sigmoid(scale * coefficient) - (scale * coefficient) / 4;

/** The gradient of a column's rows at `coefficient`, with targets stated at `statedAt`. */
export const penaltyGradient = (rows: PenaltyRows, coefficient: number, statedAt: number): number =>
  rows.copies *
  rows.weight *
  rows.scale *
  (sigmoid(rows.scale * coefficient) - penaltyTarget(rows, statedAt));
