// Learns drift thresholds from past windows, and lists the windows that the present and the learnt thresholds would
// flag.
import { type EffectName } from '../drift-policy.ts';
import { type SignalVerdict } from '../statistics/family.ts';
import { statistics } from '../statistics.ts';
import { type DriftVerdict } from '../verdict.ts';
import { nextUp } from '../../data/math/total.ts';
import { before, durationOf, windowZone } from '../../model/parts/duration.ts';
import { type Window, windowEndingAt } from '../../model/window.ts';

/** A window that was measured in the past. */
export interface PastWindow {
  /** Null if no report measured the window. */
  readonly reportId: number | null;
  /** ISO 8601. */
  readonly asOf: string;
  readonly championVersion: number;
  readonly verdict: DriftVerdict;
}

/** What the definition says about columns now. */
export interface PresentPolicy {
  readonly effects: Readonly<Record<string, EffectName>>;
  readonly thresholds: Readonly<Record<string, number>>;
  /** Significance level of the adjusted p-value. */
  readonly alpha: number;
}

/** What was learnt about a column. */
export interface ColumnCalibration {
  readonly column: string;
  readonly effect: string;
  /** Windows in which this effect was measured. */
  readonly windows: number;
  readonly present: number;
  /**
   * The learnt threshold, rounded up to three significant digits; null if none could be learnt, and `reason` says why.
   */
  readonly learnt: number | null;
  readonly reason: string | null;
  /**
   * As-of instants of the windows that the present (or the learnt) threshold flags, given each window's adjusted
   * p-value.
   */
  readonly flaggedByPresent: readonly string[];
  readonly flaggedByLearnt: readonly string[];
}

/**
 * Learns a threshold for the distribution of each column of the newest window. Ignores windows in which the column was
 * measured with another effect than the one used now, or was not measured.
 *
 * @param windows newest first
 * @example calibrate(windows, policy, { name: 'sd' }).filter(({ learnt }) => learnt !== null)
 */
export function calibrate(
  windows: readonly PastWindow[],
  policy: PresentPolicy,
  method: CalibrationMethod,
): ColumnCalibration[] {
  const columns = windows[0]?.verdict.columns ?? [];
  return columns.map(({ column, type }) => {
    const effect = policy.effects[column] ?? (type === 'numeric' ? 'wasserstein' : 'jensenshannon');
    const measured = windows.flatMap(({ asOf, verdict }) => {
      const signal = distributionOf(verdict, column);
      return signal?.effect === effect && signal.effectSize !== null
        ? [{ asOf, effectSize: signal.effectSize, adjustedP: signal.adjustedP }]
        : [];
    });
    const { threshold, reason } = learnThreshold(
      measured.map(({ effectSize }) => effectSize),
      method,
    );
    const present = policy.thresholds[column] ?? defaultOf(effect);
    const learnt = threshold === null ? null : roundedUp(threshold);
    const flaggedBy = (bound: number | null): string[] =>
      measured
        .filter(
          ({ effectSize, adjustedP }) =>
            bound !== null && effectSize >= bound && (adjustedP ?? 0) < policy.alpha,
        )
        .map(({ asOf }) => asOf);
    return {
      column,
      effect,
      windows: measured.length,
      present,
      learnt,
      reason: measured.length === 0 ? `no window measured it with ${effect}` : reason,
      flaggedByPresent: flaggedBy(present),
      flaggedByLearnt: flaggedBy(learnt),
    };
  });
}

const distributionOf = (verdict: DriftVerdict, column: string): SignalVerdict | undefined =>
  verdict.columns.find((one) => one.column === column)?.signals.find(({ kind }) => kind === 'distribution');

const defaultOf = (effect: string): number =>
  statistics.find(({ name }) => name === effect)?.threshold ?? 0.1;

/** Rounds up to three significant digits. @example roundedUp(0.08121) // 0.0813 */
export function roundedUp(value: number): number {
  const near = Number(value.toPrecision(3));
  if (near >= value) return near;
  const step = 10 ** (Math.floor(Math.log10(value)) - 2);
  return Number((near + step).toPrecision(3));
}

/** The method that learns a threshold. */
export type CalibrationMethod =
  | { readonly name: 'sd' }
  /** Share of windows without drift that may be flagged, in (0, 1). */
  | { readonly name: 'rate'; readonly falseAlarms: number };

/** A learnt threshold, or why there is none. */
type LearntThreshold =
  | { readonly threshold: number; readonly reason: null }
  | { readonly threshold: null; readonly reason: string };

/** Minimum number of windows from which a standard deviation is learnt. */
const MIN_WINDOWS = 5;

const DEVIATIONS = 3;

/**
 * Learns the effect from which a column counts as drifted, given its effects in past windows.
 *
 * Formula: `sd`: mean + 3 standard deviations (ddof 0), like NannyML's default thresholds. `rate`: just above the
 * effect of rank ⌈(n + 1)(1 − rate)⌉ of n, so that the probability that another window without drift reaches the
 * threshold is at most the rate.
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
  if (n < MIN_WINDOWS) return none(`${n} windows, ${MIN_WINDOWS} are needed`);
  const mean = effects.reduce((sum, effect) => sum + effect / n, 0);
  const variance = effects.reduce((sum, effect) => sum + (effect - mean) ** 2 / n, 0);
  return learnt(mean + DEVIATIONS * Math.sqrt(variance), sorted);
}

const learnt = (threshold: number, sorted: readonly number[]): LearntThreshold =>
  (sorted.at(-1) ?? 0) > 0
    ? { threshold, reason: null }
    : { threshold: null, reason: 'it never changed: there is nothing to learn from' };

/** Selects windows. */
interface WindowRange {
  /** No window starts before this instant. */
  readonly from: Date;
  /** End of the newest window. */
  readonly to: Date;
  /** Step from one window to the next, and length of each window: durations such as `1 month`. */
  readonly every: string;
  readonly length: string;
  /** Time zone in which days and longer units are counted if `every` follows local time. */
  readonly timezone: string;
  /** Maximum number of windows to return. */
  readonly limit: number;
}

/**
 * Returns the windows that lie in a range, newest first.
 *
 * @example
 * const timezone = 'UTC';
 * windowsBetween({ from: january, to: april, every: '1 month', length: '1 month', timezone, limit: 100 }) // three
 */
export function windowsBetween({ from, to, every, length, timezone, limit }: WindowRange): Window[] {
  const windows: Window[] = [];
  const step = durationOf(every);
  const zone = windowZone({ every, timezone });
  for (let end = to; windows.length < limit; end = before(end, step, zone)) {
    const window = windowEndingAt(end, length, { every, timezone });
    if (window.from < from) return windows;
    windows.push(window);
  }
  return windows;
}
