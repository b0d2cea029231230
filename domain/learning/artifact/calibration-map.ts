// A map from scores to probabilities, stored with a version and applied to each of its scores.
import { probabilityAt } from '../../data/math/isotonic.ts';
import { sigmoid } from '../../data/math/special-functions.ts';

/** A nondecreasing map from [0, 1] to [0, 1]. Plain JSON. */
export type CalibrationMap =
  | { readonly kind: 'none' }
  /** 1 / (1 + exp(−(slope · log-odds of the score + intercept))), slope above 0. */
  | { readonly kind: 'platt'; readonly slope: number; readonly intercept: number }
  /** Linear between points, constant outside them; scores strictly ascending, at least one. */
  | {
      readonly kind: 'isotonic';
      readonly scores: readonly number[];
      readonly probabilities: readonly number[];
    };

/** Returns the log-odds of a score. They are finite because scores are clipped to [2.2e-16, 1 − 2.2e-16]. */
export function logOddsOf(score: number): number {
  const clipped = Math.min(1 - Number.EPSILON, Math.max(Number.EPSILON, score));
  return Math.log(clipped / (1 - clipped));
}

/**
 * Maps a score to a probability.
 *
 * @param map if absent or of kind `none`, the score is returned unchanged
 * @example calibrated({ kind: 'platt', slope: 1, intercept: 0 }, 0.25) // 0.25
 */
export function calibrated(map: CalibrationMap | undefined, score: number): number {
  if (map?.kind === 'platt') return sigmoid(map.slope * logOddsOf(score) + map.intercept);
  if (map?.kind === 'isotonic') return probabilityAt(map, score);
  return score;
}

const MAX_STEPS = 100;

const TOLERANCE = 1e-10;

const RIDGE = 1e-12;

/**
 * Returns the targets used for positives and negatives instead of 1 and 0: (N₊ + 1)/(N₊ + 2) and 1/(N₋ + 2), so that no
 * fitted probability is exactly 0 or 1.
 *
 * Source: Platt, Probabilistic outputs for support vector machines, 1999, section 2.2.
 */
export function smoothedTargets(labels: ArrayLike<number>): { positive: number; negative: number } {
  let positives = 0;
  for (let row = 0; row < labels.length; row += 1) positives += labels[row]!;
  return { positive: (positives + 1) / (positives + 2), negative: 1 / (labels.length - positives + 2) };
}

/**
 * Fits p = 1 / (1 + exp(−(slope · f + intercept))), where f is the log-odds of a score, to the smoothed targets by log
 * loss. Returns null if the scores are all equal or rank the wrong way round (slope not above 0), because no such curve
 * keeps their order.
 *
 * Formula: Newton's method with backtracking (Lin, Lin and Weng, A note on Platt's probabilistic outputs for support vector
 * machines, Machine Learning 68, 2007).
 *
 * @param labels 0 or 1 per score; both occur
 * @example fitPlatt(Float64Array.of(0.1, 0.2, 0.6, 0.9), [0, 0, 1, 1])
 */
export function fitPlatt(
  scores: Float64Array,
  labels: ArrayLike<number>,
): Extract<CalibrationMap, { kind: 'platt' }> | null {
  const odds = scores.map(logOddsOf);
  if (odds.every((value) => value === odds[0])) return null;
  const { positive, negative } = smoothedTargets(labels);
  const targets = odds.map((_, row) => (labels[row] === 1 ? positive : negative));
  const loss = (slope: number, intercept: number): number =>
    odds.reduce((sum, value, row) => {
      const z = slope * value + intercept;
      return sum + Math.log1p(Math.exp(-Math.abs(z))) + Math.max(z, 0) - targets[row]! * z;
    }, 0);
  let [slope, intercept] = [0, logOddsOf(targets.reduce((sum, one) => sum + one, 0) / targets.length)];
  let now = loss(slope, intercept);
  for (let step = 0; step < MAX_STEPS; step += 1) {
    let [gs, gi, hss, hsi, hii] = [0, 0, RIDGE, 0, RIDGE];
    odds.forEach((value, row) => {
      const p = sigmoid(slope * value + intercept);
      const away = p - targets[row]!;
      const weight = p * (1 - p);
      gs += away * value;
      gi += away;
      hss += weight * value * value;
      hsi += weight * value;
      hii += weight;
    });
    if (Math.max(Math.abs(gs), Math.abs(gi)) < TOLERANCE * odds.length) break;
    const determinant = hss * hii - hsi * hsi;
    const [moveSlope, moveIntercept] = [
      -(hii * gs - hsi * gi) / determinant,
      -(hss * gi - hsi * gs) / determinant,
    ];
    let part = 1;
    let next = loss(slope + moveSlope, intercept + moveIntercept);
    // Armijo's condition. If not even a tiny part of the step lowers the loss, what is left is rounding error.
    while (next > now + 1e-4 * part * (gs * moveSlope + gi * moveIntercept) && part > 1e-10) {
      part /= 2;
      next = loss(slope + part * moveSlope, intercept + part * moveIntercept);
    }
    if (!(next < now)) break;
    slope += part * moveSlope;
    intercept += part * moveIntercept;
    now = next;
  }
  return slope > 0 ? { kind: 'platt', slope, intercept } : null;
}
