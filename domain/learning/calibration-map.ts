// A map of scores onto probabilities, stored with a version and applied to every score of it.
import { probabilityAt } from '../performance/isotonic.ts';
import { sigmoid } from './sigmoid.ts';

/** Never descending, of [0, 1] into [0, 1]. Plain JSON. */
export type CalibrationMap =
  | { readonly kind: 'none' }
  /** 1 / (1 + exp(−(slope · log-odds of the score + intercept))), slope above 0. */
  | { readonly kind: 'platt'; readonly slope: number; readonly intercept: number }
  /** Straight between points, flat outside them; scores strictly ascending, at least one. */
  | {
      readonly kind: 'isotonic';
      readonly scores: readonly number[];
      readonly probabilities: readonly number[];
    };

/** The log-odds of a score, finite: scores nearer to 0 or 1 than 2.2e-16 are taken as that far. */
export function logOddsOf(score: number): number {
  const clipped = Math.min(1 - Number.EPSILON, Math.max(Number.EPSILON, score));
  return Math.log(clipped / (1 - clipped));
}

/**
 * The probability of a score.
 *
 * @param map absent, or of kind `none`, leaves the score as it is
 * @example calibrated({ kind: 'platt', slope: 1, intercept: 0 }, 0.25) // 0.25
 */
export function calibrated(map: CalibrationMap | undefined, score: number): number {
  if (map?.kind === 'platt') return sigmoid(map.slope * logOddsOf(score) + map.intercept);
  if (map?.kind === 'isotonic') return probabilityAt(map, score);
  return score;
}
