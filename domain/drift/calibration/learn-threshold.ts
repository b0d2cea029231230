// A threshold of an effect, learnt from windows that are known.
import { nextUp } from '../next-up.ts';

/** How a threshold is learnt. */
export type CalibrationMethod =
  | { readonly name: 'sd' }
  /** Share of windows without drift that may be flagged, in (0, 1). */
  | { readonly name: 'rate'; readonly falseAlarms: number };

/** A learnt threshold, or why there is none. */
export type LearntThreshold =
  | { readonly threshold: number; readonly reason: null }
  | { readonly threshold: null; readonly reason: string };

/** Fewest windows from which a spread is learnt. */
const LEAST_WINDOWS = 5;
const DEVIATIONS = 3;

/**
 * The effect from which a column counts as changed, given its effects in past windows.
 *
 * Formula: `sd`: mean + 3 standard deviations (ddof 0), as NannyML's default thresholds. `rate`: just above the effect
 * of rank ⌈(n + 1)(1 − rate)⌉ of n, so that a further window without drift exceeds it with at most that probability.
 * Source: NannyML 0.13, `StandardDeviationThreshold`; Vovk, Gammerman and Shafer 2005 for the rank.
 *
 * @example learnThreshold([0.02, 0.03, 0.02, 0.04, 0.03], { name: 'sd' }) // { threshold: 0.0505, reason: null }
 */
export function learnThreshold(effects: readonly number[], method: CalibrationMethod): LearntThreshold {
  const n = effects.length;
  const none = (reason: string): LearntThreshold => ({ threshold: null, reason });
  const sorted = [...effects].sort((a, b) => a - b);
  if (method.name === 'rate') {
    const rank = Math.ceil((n + 1) * (1 - method.falseAlarms));
    const needed = Math.ceil(1 / method.falseAlarms) - 1;
    if (rank > n) return none(`${n} windows, ${needed} are needed for a rate of ${method.falseAlarms}`);
    return learnt(nextUp(sorted[rank - 1] as number), sorted);
  }
  if (n < LEAST_WINDOWS) return none(`${n} windows, ${LEAST_WINDOWS} are needed`);
  const mean = effects.reduce((sum, effect) => sum + effect / n, 0);
  const variance = effects.reduce((sum, effect) => sum + (effect - mean) ** 2 / n, 0);
  return learnt(mean + DEVIATIONS * Math.sqrt(variance), sorted);
}

const learnt = (threshold: number, sorted: readonly number[]): LearntThreshold =>
  (sorted.at(-1) ?? 0) > 0
    ? { threshold, reason: null }
    : { threshold: null, reason: 'it never changed: there is nothing to learn from' };
