// Thresholds learnt from past windows, beside the present ones and what each would have flagged.
import { type EffectName } from '../drift-policy.ts';
import { type SignalVerdict } from '../family.ts';
import { statistics } from '../statistics.ts';
import { type DriftVerdict } from '../verdict.ts';
import { type CalibrationMethod, learnThreshold } from './learn-threshold.ts';

/** A window that was measured before. */
export interface PastWindow {
  /** Null where no report measured it. */
  readonly reportId: number | null;
  /** ISO 8601. */
  readonly asOf: string;
  readonly championVersion: number;
  readonly verdict: DriftVerdict;
}

/** What the definition says of a column now. */
export interface PresentPolicy {
  readonly effects: Readonly<Record<string, EffectName>>;
  readonly thresholds: Readonly<Record<string, number>>;
  /** Bound of the adjusted p-value. */
  readonly alpha: number;
}

/** What was learnt of a column. */
export interface ColumnCalibration {
  readonly column: string;
  readonly effect: string;
  /** Windows in which this effect was measured. */
  readonly windows: number;
  readonly present: number;
  /** To three digits, upwards; null where there is too little to learn from. */
  readonly learnt: number | null;
  readonly reason: string | null;
  /** Instants (as-of) of the windows that each threshold flags, together with the adjusted p measured then. */
  readonly flaggedByPresent: readonly string[];
  readonly flaggedByLearnt: readonly string[];
}

/**
 * Learns a threshold for the distribution of each column of the newest window. Windows in which the column was measured
 * by another effect than it is now, or not at all, are left out.
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
      reason: measured.length === 0 ? `no window measured it by ${effect}` : reason,
      flaggedByPresent: flaggedBy(present),
      flaggedByLearnt: flaggedBy(learnt),
    };
  });
}

const distributionOf = (verdict: DriftVerdict, column: string): SignalVerdict | undefined =>
  verdict.columns.find((one) => one.column === column)?.signals.find(({ kind }) => kind === 'distribution');

const defaultOf = (effect: string): number =>
  statistics.find(({ name }) => name === effect)?.threshold ?? 0.1;

/** To three significant digits, never below the number. @example roundedUp(0.08121) // 0.0813 */
export function roundedUp(value: number): number {
  const near = Number(value.toPrecision(3));
  if (near >= value) return near;
  const step = 10 ** (Math.floor(Math.log10(value)) - 2);
  return Number((near + step).toPrecision(3));
}
